//! Files that people send, by name: in a folder of this node, or in a bucket of any S3-compatible storage. What is written is
//! durable when the call returns, and never changed: a new file has a new name.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::TryStreamExt;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, ObjectStoreExt, RetryConfig};
use secrecy::ExposeSecret;
use thiserror::Error;

use crate::config;

/// Below the data directory.
const FOLDER: &str = "objects";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Within the deadline of the call.
const RETRIES: usize = 2;
/// Nothing that we store is larger. What is, was put there by somebody else and is not read.
pub const OBJECT_BYTES_MAX: u64 = 32 << 20;

/// A handle; clones share connections.
#[derive(Clone)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    timeout: Duration,
}

/// One object on its way to a client.
pub struct Object {
    pub bytes: u64,
    pub body: Body,
}

#[derive(Debug, Error)]
pub enum OpenError {
    #[error("the folder {} cannot be used", folder.display())]
    Folder {
        folder: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("the settings of the object storage cannot be right")]
    Settings(#[source] object_store::Error),
}

#[derive(Debug, Error)]
pub enum ObjectsError {
    #[error("the object storage did not answer in time")]
    Timeout,
    #[error("the object storage refused")]
    Store(#[source] object_store::Error),
    #[error("an object has {0} bytes, more than any of ours")]
    TooLarge(u64),
}

impl From<object_store::Error> for ObjectsError {
    fn from(error: object_store::Error) -> Self {
        Self::Store(error)
    }
}

impl Objects {
    /// # Errors
    /// A folder that cannot be made, or settings that contradict each other. A bucket is not asked: it may be away for
    /// a while without keeping tickets from being sold.
    pub fn open(config: &config::Config) -> Result<Self, OpenError> {
        let timeout = config.objects.timeout;
        let store: Arc<dyn ObjectStore> = match &config.objects.bucket {
            Some(bucket) => Arc::new(s3(bucket, &config.objects).map_err(OpenError::Settings)?),
            None => {
                let folder = config.store.data_dir.join(FOLDER);
                persistence::private::create_dir(&folder)
                    .map_err(|source| OpenError::Folder { folder: folder.clone(), source })?;
                let local = LocalFileSystem::new_with_prefix(folder).map_err(OpenError::Settings)?;
                Arc::new(local.with_fsync(true).with_automatic_cleanup(true))
            }
        };
        Ok(Self { store, timeout })
    }

    /// # Errors
    /// The storage is not available. The object may be there, whole, or not.
    pub async fn put(&self, name: &str, bytes: Vec<u8>) -> Result<(), ObjectsError> {
        let length = bytes.len() as u64;
        if length > OBJECT_BYTES_MAX {
            return Err(ObjectsError::TooLarge(length));
        }
        let path = Path::from(name);
        self.in_time(self.store.put(&path, Bytes::from(bytes).into())).await?;
        Ok(())
    }

    /// `None` when there is none. The body is read from the storage as fast as it is taken.
    ///
    /// # Errors
    /// The storage is not available.
    pub async fn get(&self, name: &str) -> Result<Option<Object>, ObjectsError> {
        let path = Path::from(name);
        let found = match self.in_time(self.store.get(&path)).await {
            Err(ObjectsError::Store(object_store::Error::NotFound { .. })) => return Ok(None),
            found => found?,
        };
        let bytes = found.meta.size;
        if bytes > OBJECT_BYTES_MAX {
            return Err(ObjectsError::TooLarge(bytes));
        }
        Ok(Some(Object { bytes, body: Body::from_stream(found.into_stream()) }))
    }

    /// All objects below `folder`. Answers how many there were.
    ///
    /// # Errors
    /// The storage is not available. Some may be gone.
    pub async fn delete_folder(&self, folder: &str) -> Result<usize, ObjectsError> {
        let prefix = Path::from(folder);
        let found: Vec<_> = self.in_time(self.store.list(Some(&prefix)).try_collect()).await?;
        for object in &found {
            match self.in_time(self.store.delete(&object.location)).await {
                Ok(()) | Err(ObjectsError::Store(object_store::Error::NotFound { .. })) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found.len())
    }

    async fn in_time<T>(&self, call: impl Future<Output = object_store::Result<T>>) -> Result<T, ObjectsError> {
        let answered = tokio::time::timeout(self.timeout, call).await.map_err(|_| ObjectsError::Timeout)?;
        Ok(answered?)
    }
}

fn s3(bucket: &str, config: &config::Objects) -> object_store::Result<AmazonS3> {
    let options = ClientOptions::new()
        .with_timeout(config.timeout)
        .with_connect_timeout(CONNECT_TIMEOUT)
        .with_allow_http(config.allow_http);
    let retry = RetryConfig { backoff: BackoffConfig::default(), max_retries: RETRIES, retry_timeout: config.timeout };
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region(&config.region)
        .with_client_options(options)
        .with_retry(retry);
    if let Some(endpoint) = &config.endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    if let (Some(key), Some(secret)) = (&config.access_key, &config.secret_key) {
        builder = builder.with_access_key_id(key).with_secret_access_key(secret.expose_secret());
    }
    builder.build()
}
