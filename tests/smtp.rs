//! A mail server on this machine that speaks SMTP, keeps what it is given, and refuses when told to.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use usher::config::{Config, SmtpTls};

use crate::server::TestServer;

/// No mail takes longer, whatever goes wrong.
const PATIENCE: Duration = Duration::from_secs(30);

/// Stops with its value.
pub struct SmtpServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

struct Shared {
    received: watch::Sender<Vec<Received>>,
    /// Answers to the next `RCPT TO`s instead of `250`.
    refusals: Mutex<VecDeque<&'static str>>,
}

#[derive(Clone, Debug)]
pub struct Received {
    pub from: String,
    pub to: String,
    /// Head and body as they came.
    pub message: String,
}

/// Settings of a server that sends its mail to the port.
pub fn by_smtp(port: u16) -> impl FnOnce(&mut Config) {
    move |config| {
        config.mail.smtp_host = Some("127.0.0.1".to_owned());
        config.mail.smtp_port = Some(port);
        config.mail.smtp_tls = SmtpTls::Off;
        config.mail.retry_after = Duration::from_millis(20);
        config.http.public_url = Some("https://tickets.example".to_owned());
    }
}

/// Runs the test on SQLite and, where there is one, on Postgres, with a mail server that is up.
pub async fn on_both_stores<F: Future<Output = ()>>(test: impl Fn(TestServer, SmtpServer) -> F) {
    let smtp = SmtpServer::start().await;
    test(TestServer::start_with(by_smtp(smtp.port())).await, smtp).await;
    let smtp = SmtpServer::start().await;
    if let Some(server) = TestServer::start_on_postgres_with(by_smtp(smtp.port())).await {
        test(server, smtp).await;
    }
}

/// A port that nobody listens on, for a server that comes up later.
///
/// # Panics
/// When no port is free.
pub fn free_port() -> u16 {
    let free = StdListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    free.local_addr().expect("a bound socket has an address").port()
}

impl SmtpServer {
    pub async fn start() -> Self {
        Self::start_at(0).await
    }

    /// # Panics
    /// When the port is taken.
    pub async fn start_at(port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.expect("the port is free");
        let address = listener.local_addr().expect("a bound socket has an address");
        let shared = Arc::new(Shared { received: watch::Sender::default(), refusals: Mutex::default() });
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, Arc::clone(&shared)));
        Self { address, shared, _tasks: tasks }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The next recipients are refused with these lines, one each, for instance `451 4.3.0 later`.
    pub fn refuse(&self, lines: impl IntoIterator<Item = &'static str>) {
        self.shared.refusals.lock().expect("nobody panics with it").extend(lines);
    }

    /// Everything so far.
    pub fn received(&self) -> Vec<Received> {
        self.shared.received.borrow().clone()
    }

    /// Waits until so many mails to the address are there, and returns all of them.
    pub async fn mails_to(&self, address: &str, count: usize) -> Vec<Received> {
        self.mails(address, "", count).await
    }

    /// Those whose subject begins like this: mails that are under way at once come in any order.
    ///
    /// # Panics
    /// When they do not come.
    pub async fn mails(&self, address: &str, subject: &str, count: usize) -> Vec<Received> {
        let is_one = |mail: &&Received| mail.to == address && mail.header("Subject").starts_with(subject);
        let of = |all: &Vec<Received>| all.iter().filter(is_one).cloned().collect::<Vec<_>>();
        let mut received = self.shared.received.subscribe();
        let come = tokio::time::timeout(PATIENCE, received.wait_for(|all| of(all).len() >= count)).await;
        let Ok(Ok(all)) = come else { panic!("{count} mails to {address}: {:?}", self.received()) };
        of(&all)
    }

    /// The newest of so many mails to the address.
    pub async fn mail_to(&self, address: &str, count: usize) -> Received {
        self.mails_to(address, count).await.pop().expect("waited for")
    }
}

impl Received {
    /// Of the header, whatever its case; empty when absent.
    pub fn header(&self, name: &str) -> &str {
        let head = self.message.split("\r\n\r\n").next().unwrap_or_default();
        let mut lines = head.split("\r\n").filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }

    /// What both forms of the mail say, without its line breaks for transport.
    pub fn text(&self) -> String {
        self.message.replace("=\r\n", "").replace("=3D", "=").replace("\r\n", "\n")
    }

    /// Behind `#token=` of the link.
    ///
    /// # Panics
    /// When there is none.
    pub fn token(&self) -> String {
        let text = self.text();
        let (_, rest) = text.split_once("#token=").unwrap_or_else(|| panic!("no link in {text}"));
        rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect()
    }

    /// The line of six digits.
    ///
    /// # Panics
    /// When there is none.
    pub fn code(&self) -> String {
        let text = self.text();
        let is_code = |line: &&str| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit());
        text.lines().map(str::trim).find(is_code).unwrap_or_else(|| panic!("no code in {text}")).to_owned()
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut sessions = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        sessions.spawn(async move { session(BufStream::new(stream), &shared).await });
    }
}

async fn session(mut stream: BufStream<TcpStream>, shared: &Shared) -> std::io::Result<()> {
    say(&mut stream, "220 sink ESMTP").await?;
    let (mut from, mut to) = (String::new(), String::new());
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" | "HELO" => say(&mut stream, "250 sink").await?,
            "MAIL" => {
                from = address(&line);
                say(&mut stream, "250 2.1.0 ok").await?;
            }
            "RCPT" => {
                to = address(&line);
                let refusal = shared.refusals.lock().expect("nobody panics with it").pop_front();
                say(&mut stream, refusal.unwrap_or("250 2.1.5 ok")).await?;
            }
            "DATA" => {
                say(&mut stream, "354 go on").await?;
                let message = data(&mut stream).await?;
                let mail = Received { from: from.clone(), to: to.clone(), message };
                shared.received.send_modify(|received| received.push(mail));
                say(&mut stream, "250 2.0.0 kept").await?;
            }
            "QUIT" => return say(&mut stream, "221 2.0.0 bye").await,
            "RSET" | "NOOP" => say(&mut stream, "250 2.0.0 ok").await?,
            _ => say(&mut stream, "502 5.5.1 not known").await?,
        }
    }
}

async fn say(stream: &mut BufStream<TcpStream>, line: &str) -> std::io::Result<()> {
    stream.write_all(format!("{line}\r\n").as_bytes()).await?;
    stream.flush().await
}

/// Up to the line with a single dot; leading dots are doubled on the way.
async fn data(stream: &mut BufStream<TcpStream>) -> std::io::Result<String> {
    let mut message = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 || line == ".\r\n" {
            return Ok(message);
        }
        message.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}

fn address(line: &str) -> String {
    let inner = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map_or_else(String::new, |(address, _)| address.to_owned())
}
