# The service alone: no demo, no build, nothing that only a developer needs.
FROM node:24-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# No package that runs here needs its install script.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY package.json ./
COPY src src
COPY static static
# Keys and the embedded store. The service may write here and nowhere else.
RUN install -d -o node -g node -m 700 data
VOLUME /app/data
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=6s --start-period=15s --retries=3 CMD ["node", "src/commands/healthcheck.ts"]
# Node itself hears the signals.
CMD ["node", "src/server.ts"]
