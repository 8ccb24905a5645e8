# The gateway; its other commands (`manage.py migrate`, `seed`) run from the same image.

# The packages lie in a layer of their own: a change of our code does not install them again.
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

FROM code AS bytecode
# The root is read-only later, so bytecode that is not here now would be made at each start.
RUN python -m compileall -q -f --invalidation-mode unchecked-hash gateway manage.py

FROM python:3.13-slim
# A volume that is mounted there for the first time takes over its owner: the one who writes.
RUN install --directory --owner=10003 --group=10003 --mode=0711 /run/shop-secrets \
    && install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/shop-uploads
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    GATEWAY_HOST=0.0.0.0 \
    GATEWAY_PORT=8000 \
    STATIC_ROOT=/app/staticfiles
WORKDIR /app
COPY deploy/docker/healthy.sh /usr/local/bin/healthy
COPY deploy/docker/first_secrets.py /usr/local/lib/shop/
COPY --from=packages /venv /venv
# The collected files too: their manifest tells the templates the hashed names.
COPY --from=code /app/staticfiles staticfiles
COPY --from=bytecode /app/manage.py ./
COPY --from=bytecode /app/gateway gateway
# What the pages need of the services: `python -m gateway.contracts verify` reads it.
COPY tests/contract/pacts tests/contract/pacts
# Which commit this is, for /ops/: `docker build --build-arg GATEWAY_COMMIT=$(git rev-parse HEAD)`.
ARG GATEWAY_COMMIT=""
ENV GATEWAY_COMMIT=$GATEWAY_COMMIT
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["python", "-m", "gateway.serve"]
