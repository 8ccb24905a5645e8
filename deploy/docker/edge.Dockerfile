# The edge: nginx with our configuration and the shop's static files.

# The first two stages are those of gateway.Dockerfile, word for word, so that both images are built
# from the same cached layers and carry files of the same names.
FROM python:3.13-slim AS packages
WORKDIR /app
RUN python -m venv --without-pip /venv
COPY requirements/gateway.txt requirements/
# pip stays outside, so that what runs later can install nothing.
RUN --mount=type=cache,target=/root/.cache/pip \
    pip --python /venv/bin/python install \
    --require-hashes --only-binary :all: --requirement requirements/gateway.txt
ENV PATH=/venv/bin:$PATH

FROM packages AS code
COPY deploy/docker/collect_static.sh deploy/docker/
COPY manage.py ./
COPY gateway gateway
RUN sh deploy/docker/collect_static.sh /app/staticfiles

FROM code AS compressed
# The manifest is for the gateway's templates; visitors need not read it.
RUN rm staticfiles/staticfiles.json \
    && find staticfiles -type f -size +1k \
    \( -name '*.css' -o -name '*.js' -o -name '*.svg' -o -name '*.txt' -o -name '*.json' \) \
    -exec gzip --keep --best --no-name {} +

FROM nginx:1.26
COPY deploy/docker/healthy.sh /usr/local/bin/healthy
COPY deploy/nginx/*.conf /etc/nginx/
COPY deploy/nginx/pages /srv/_edge
COPY --from=compressed /app/staticfiles /srv/static
# The official image's number for its user nginx; only /tmp is ever written to.
USER 101:101
EXPOSE 8080
# nginx drains on SIGQUIT and drops what it has on SIGTERM.
STOPSIGNAL SIGQUIT
# Not the base image's entry point: that one edits files, and the root is read-only.
ENTRYPOINT ["nginx", "-e", "stderr"]
CMD ["-g", "daemon off;"]
