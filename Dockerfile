# The service as `npm run build` makes it, without a package, on what Node.js needs of a system and nothing else: no shell, no package manager.
FROM node:24-bookworm-slim AS build
WORKDIR /app
# Node.js, with its libraries where the loader of this kind of processor looks for them; their licences, and their versions for scanners. Node.js brings authorities, and
# prints a line where the folder for others is missing.
RUN mkdir -p system/etc/ssl/certs system/var/lib/dpkg/status.d \
 && cp --parents -L /usr/local/bin/node $(ldd /usr/local/bin/node | grep -o '/[^ ]*') /usr/lib/os-release system \
 && for name in libc6 libgcc-s1 libstdc++6; do cp --parents -L /usr/share/doc/$name/copyright system && dpkg-query -s $name > system/var/lib/dpkg/status.d/$name; done
# Names: of users, and of hosts, from /etc/hosts before DNS.
RUN cd system/etc && ln -s ../usr/lib/os-release os-release && echo 'hosts: files dns' > nsswitch.conf \
 && printf 'root:x:0:0::/:/none\nnode:x:1000:1000::/app:/none\n' > passwd && printf 'root:x:0:\nnode:x:1000:\n' > group
# Keys and the embedded store are in data, and nothing else is written. Any user of root's group may run the service: `docker run --user` and OpenShift choose one.
RUN install -d -m 1777 system/tmp && install -d system/app && install -d -o 1000 -g 0 -m 770 system/app/data
# Set by --build-arg where another registry is nearer. The hashes in package-lock.json hold there, too.
ARG npm_config_registry
COPY package.json package-lock.json ./
# No package that the build loads needs its install script.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY LICENSE ./
COPY .ci .ci
COPY src src
COPY static static
RUN node .ci/build/main.ts

FROM scratch
LABEL org.opencontainers.image.title="scan-login"
LABEL org.opencontainers.image.description="Scan with WeChat to log in"
LABEL org.opencontainers.image.licenses="MIT"
LABEL org.opencontainers.image.version="0.3.0"
# SQLite sorts what is large in a file, and other folders are read-only under --read-only.
ENV PATH=/usr/local/bin NODE_ENV=production SQLITE_TMPDIR=/app/data
WORKDIR /app
COPY --from=build /app/system /
COPY --from=build /app/dist ./
VOLUME /app/data
# In numbers Kubernetes sees that this isn't root.
USER 1000:1000
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=6s --start-period=15s --retries=3 CMD ["node", "healthcheck.js"]
# Node itself hears the signals.
CMD ["node", "server.js"]
