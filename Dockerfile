# The image of the server: docker build --build-arg COMMIT=$(git rev-parse HEAD) -t eyrie .
# Everything is compiled and pruned on the builder's own platform, for amd64 or arm64; only the last stage runs on the
# target's. docs/DEPLOYMENT.md says how to run it; `npm run verify:image` builds it and holds it to what that page says.

# The newest LTS release, three times by the same digest, which Dependabot moves together.
FROM --platform=$BUILDPLATFORM node:24.21.0-bookworm-slim@sha256:d6aa754f16b3197301076f047b5def2f02ea1dbbc2ca920407d46d7ec7f87b20 AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY apps apps
COPY libs libs
RUN node node_modules/typescript/bin/tsc -p tsconfig.build.json \
    && node node_modules/typescript/bin/tsc -p apps/console/tsconfig.json

FROM --platform=$BUILDPLATFORM node:24.21.0-bookworm-slim@sha256:d6aa754f16b3197301076f047b5def2f02ea1dbbc2ca920407d46d7ec7f87b20 AS app
ARG TARGETARCH
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# sharp's libraries are packages of their own, which npm takes for the platform that it is told.
RUN --mount=type=cache,target=/root/.npm \
    case "$TARGETARCH" in \
      amd64) cpu=x64 ;; \
      arm64) cpu=arm64 ;; \
      *) echo "TARGETARCH must be amd64 or arm64, but it is \"$TARGETARCH\"" >&2; exit 1 ;; \
    esac; \
    npm ci --omit=dev --ignore-scripts --os=linux --cpu=$cpu --libc=glibc
# ONNX Runtime's libraries for all platforms are in one package; the script leaves those of one.
COPY docker docker
RUN node docker/prune-dependencies.mjs node_modules linux $TARGETARCH \
    && rm package-lock.json .npmrc docker/prune-dependencies.mjs
COPY --from=build /build/dist/apps dist/apps
COPY --from=build /build/dist/libs dist/libs
COPY model-registry model-registry
# What the console is made of beside its scripts.
COPY apps/console/src/console.css apps/console/src/
COPY samples/*.jpg samples/*.png samples/*.webp samples/
COPY samples/photos samples/photos
COPY samples/thumbnails samples/thumbnails
# Shown at /health and by the metric build_info. VERSION is package.json's when it is empty.
ARG VERSION=
ARG COMMIT=unknown
# Whatever umask the sources were checked out with: readable for any user, writable for none but root.
RUN VERSION="$VERSION" COMMIT="$COMMIT" node -p 'const { VERSION: version, COMMIT: commit } = process.env; JSON.stringify({ version, commit })' > build-info.json \
    && chmod +x dist/apps/cli/src/main.js \
    && chmod -R u=rwX,go=rX build-info.json package.json apps docker dist model-registry samples

FROM node:24.21.0-bookworm-slim@sha256:d6aa754f16b3197301076f047b5def2f02ea1dbbc2ca920407d46d7ec7f87b20
# tini is PID 1: it passes signals on to the server and reaps what nobody waits for. The server needs Node alone, so the
# package managers of the base image go.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends tini \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/log/apt /var/log/dpkg.log \
         /usr/local/lib/node_modules /usr/local/include/node /opt/yarn-* \
         /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn /usr/local/bin/yarnpkg \
         /usr/local/bin/docker-entrypoint.sh
COPY --from=app /app /app
# The command line: docker exec CONTAINER eyrie models list. And a place for a volume with a registry: a new one takes over whose it is.
RUN ln -s /app/dist/apps/cli/src/main.js /usr/local/bin/eyrie \
    && install --directory --owner=10001 --group=10001 /registry
WORKDIR /app
# Sockets are read into blocks of 64 KiB: with these settings of glibc's malloc they go back to the system when they are
# freed. The workers set their own. docs/DEPLOYMENT.md has the figures.
ENV NODE_ENV=production \
    MALLOC_MMAP_THRESHOLD_=131072 \
    MALLOC_TRIM_THRESHOLD_=131072
EXPOSE 8000 8001
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["node", "docker/healthcheck.mjs"]
ENTRYPOINT ["tini", "--", "node", "--enable-source-maps", "--max-semi-space-size=16"]
CMD ["dist/apps/server/src/main.js"]
