# Builds the service: into the image goes what `npm run build` makes, without a package.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# No package that the build loads needs its install script.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY LICENSE ./
COPY .ci .ci
COPY src src
COPY static static
RUN node .ci/build/main.ts

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/dist ./
# Keys and the embedded store. The service may write here and nowhere else.
RUN install -d -o node -g node -m 700 data
VOLUME /app/data
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=6s --start-period=15s --retries=3 CMD ["node", "healthcheck.js"]
# Node itself hears the signals.
CMD ["node", "server.js"]
