# docs/container.md says how it is built and run.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY origin origin
COPY samples samples
RUN npm run build

FROM node:24.21.0-bookworm-slim AS production
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM node:24.21.0-bookworm-slim
RUN apt-get update \
  && apt-get install --yes --no-install-recommends libjemalloc2=5.3.0-1 \
    fontconfig-config=2.14.1-4 fonts-dejavu-core=2.37-6 \
  && rm -rf /var/lib/apt/lists/* \
  && install --directory --owner=node --group=node /data
WORKDIR /app
COPY --from=production /app/package.json package.json
COPY --from=production /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY LICENSE LICENSE
# DejaVu is what overlays of text are written with: docs/cloudflare.md#overlays.
# Freed memory goes back to the system: docs/container.md#memory. The render workers inherit both.
ENV LD_PRELOAD=libjemalloc.so.2 \
  MALLOC_CONF=background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0 \
  NODE_ENV=production \
  HALFTONE_HOST=0.0.0.0 \
  HALFTONE_DATA_DIR=/data
# The user `node` of the image, by its number: Kubernetes can then see that it is not root.
USER 1000:1000
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:'+(process.env.HALFTONE_ADMIN_PORT||9090)+'/livez').then(({ok})=>process.exit(ok?0:1),()=>process.exit(1))"]
CMD ["node", "dist/src/main.js", "serve"]
