# Owns the image of the service: built with all tools, run with none of them and without root.
#   docker build -t tocsin .
#   docker run --rm tocsin demo
#   docker run -d --init -e IONOS_TOKEN -e SLACK_WEBHOOK_URL -v tocsin:/data tocsin
# Without REDIS_URL it runs a Redis of its own, with its data in /data.

FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY stub ./stub
RUN npm ci --include=dev
COPY tsconfig.json ./
COPY scripts ./scripts
COPY src ./src
COPY console ./console
RUN node scripts/build.mjs

FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY stub ./stub
RUN npm ci --omit=dev

FROM node:24-slim
RUN apt-get update \
  && apt-get install --yes --no-install-recommends redis-server \
  && rm -rf /var/lib/apt/lists/* \
  && install --directory --owner=node --group=node --mode=0700 /data
COPY --from=packages /app/node_modules /app/node_modules
COPY package.json LICENSE NOTICE /app/
COPY stub /app/stub
COPY schema /app/schema
COPY scenarios /app/scenarios
COPY rules /app/rules
COPY scripts /app/scripts
COPY --from=build /app/dist /app/dist
ENV NODE_ENV=production TOCSIN_DATA_DIR=/data
USER node
# Relative paths of a configuration, and tocsin.config.json itself, are looked for here.
WORKDIR /data
VOLUME /data
ENTRYPOINT ["node", "/app/dist/main.js"]
CMD ["serve"]
