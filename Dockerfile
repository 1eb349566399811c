# Gateway and centre in one image; the command chooses. Built for linux/amd64 and linux/arm64.
FROM node:20-bookworm-slim AS build
WORKDIR /app
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 make g++ \
 && rm -rf /var/lib/apt/lists/*
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build && npm prune --omit=dev

FROM node:20-bookworm-slim
LABEL org.opencontainers.image.title="Vitrine" \
      org.opencontainers.image.description="In-store telemetry edge gateway for beacons and cameras" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN apt-get update \
 && apt-get install -y --no-install-recommends ffmpeg ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /var/lib/vitrine --create-home vitrine \
 && mkdir -p /var/lib/vitrine/models /etc/vitrine \
 && chown -R vitrine /var/lib/vitrine
WORKDIR /app
ENV NODE_ENV=production
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json LICENSE ./
COPY config/demo ./config/demo
# Run it with `--ulimit core=0`, as deploy/compose.yaml does: a core file would hold what is only meant for memory.
USER vitrine
VOLUME ["/var/lib/vitrine"]
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/healthz').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
ENTRYPOINT ["node", "--enable-source-maps", "dist/app/main.js"]
CMD ["run", "--config", "/etc/vitrine/gateway.yaml"]
