# The server and the load generator in one small image. Built from the root of the repository: docker build -t usher .

FROM rust:1.95.0-slim-bookworm AS build
WORKDIR /build
COPY Cargo.toml Cargo.lock rust-toolchain.toml ./
COPY .cargo .cargo
COPY inventory inventory
COPY engine engine
COPY persistence persistence
COPY wire wire
COPY api api
COPY loadgen loadgen
COPY benches benches
COPY tests tests
COPY xtask xtask
# The image's own toolchain is the pinned one; without this rustup would fetch the lint components as well.
ENV RUSTUP_TOOLCHAIN=1.95.0
# Built for speed whatever it takes: an image is built once, and serves for long.
RUN cargo build --profile dist --locked --package usher --package usher-loadgen

FROM debian:12.11-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/usher --create-home usher
# Without them no server of others can be asked over TLS: payments, sign-ins, webhooks, mail.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /build/target/dist/usher /build/target/dist/usher-loadgen /usr/local/bin/
USER usher
WORKDIR /var/lib/usher
ENV USHER_LISTEN=0.0.0.0:8080 USHER_DATA_DIR=/var/lib/usher
VOLUME /var/lib/usher
EXPOSE 8080
# Ready means: recovered, and the store answers.
HEALTHCHECK --interval=5s --timeout=6s --start-period=60s --retries=3 CMD ["usher", "health"]
ENTRYPOINT ["usher"]
CMD ["serve"]
