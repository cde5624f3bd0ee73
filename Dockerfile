# syntax=docker/dockerfile:1
ARG NODE_IMAGE=node:24-bookworm-slim

# Everything needed to compile, and afterwards only what runs.
FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
COPY plugins ./plugins
COPY routes ./routes
# Not `npm run build`: without its install script the locked `node` package would be a broken `node` on npm's PATH.
RUN node node_modules/@typescript/native/bin/tsc -p tsconfig.build.json --sourceMap false && chmod 755 dist/src/cli.js
RUN npm prune --omit=dev --ignore-scripts --no-audit --no-fund
# Half of what packages bring does not run: tests, documents, types, source maps. Licences stay.
RUN find node_modules -type f ! -iname 'licen[cs]e*' ! -iname 'notice*' \
      \( -name '*.map' -o -name '*.ts' -o -name '*.[mc]ts' -o -iname '*.md' \) -delete && \
    for unused in test tests __tests__ tap-snapshots benchmark benchmarks bench example examples doc docs .github; do \
      rm -rf node_modules/[!@]*/$unused node_modules/@*/*/$unused; \
    done

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="Signet" \
      org.opencontainers.image.description="A light token service: short-lived access tokens, revocable refresh tokens" \
      org.opencontainers.image.licenses="MIT"
WORKDIR /app
# The default DATABASE_URL, sqlite:data/signet.db, lands in the volume. The rest of the file system may be read-only.
# OpenShift and the like run it as any user of group 0; the files in it are their maker's alone.
RUN install -d -o 1000 -g 0 -m 770 /data && install -d -o 1000 -g 1000 -m 700 /app/.compile-cache && \
    ln -s /data data && ln -s /app/dist/src/cli.js /usr/local/bin/signet
COPY LICENSE package.json ./
COPY --from=build /build/node_modules ./node_modules
COPY --from=build /build/dist ./dist
COPY mails ./mails
ENV HOST=0.0.0.0 PORT=3000
USER 1000:1000
# One start at build time leaves its compiled code in the image, so that every start is as quick as a second one.
RUN JWT_SECRET_KEY=random DATABASE_URL=sqlite::memory: HOST=127.0.0.1 PORT=0 SHUTDOWN_GRACE=0 \
      timeout -s INT 5 node dist/src/server.js; \
    test -n "$(ls /app/.compile-cache)"
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 CMD ["node", "dist/src/cli.js", "healthcheck"]
# Node itself, not npm, so that SIGTERM arrives.
CMD ["node", "dist/src/server.js"]
