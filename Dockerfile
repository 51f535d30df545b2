# Three stages: the tools, which change rarely; the build; and what runs, without either.
#
#   docker build -t mosaic .

FROM node:20-bookworm-slim AS node

FROM rust:1.95.0-bookworm AS build
COPY --from=node /usr/local/bin/ /usr/local/bin/
COPY --from=node /usr/local/lib/node_modules/ /usr/local/lib/node_modules/
WORKDIR /mosaic
# Only what the tools depend on, so that a change of the code does not build them again.
COPY Cargo.lock rust-toolchain.toml ./
COPY scripts/env.sh scripts/setup.sh scripts/
COPY end2end/package.json end2end/package-lock.json end2end/.npmrc end2end/
RUN scripts/setup.sh tools
COPY . .
RUN scripts/build.sh

FROM debian:bookworm-slim
RUN install -d -o 10001 -g 10001 /var/lib/mosaic
# Names of files carry a hash: hash.txt, which tells the server so, has to lie beside it.
COPY --from=build /mosaic/target/release/mosaic /mosaic/target/release/hash.txt /opt/mosaic/
COPY --from=build /mosaic/target/site /opt/mosaic/site
ENV LEPTOS_SITE_ADDR=0.0.0.0:3000 \
    LEPTOS_SITE_ROOT=/opt/mosaic/site \
    DATABASE_URL=sqlite:///var/lib/mosaic/mosaic.db
USER 10001:10001
WORKDIR /var/lib/mosaic
VOLUME /var/lib/mosaic
EXPOSE 3000
# The image has no HTTP client but bash.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/3000 && printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [ \"$status\" = 200 ]"]
ENTRYPOINT ["/opt/mosaic/mosaic"]
CMD ["serve"]
