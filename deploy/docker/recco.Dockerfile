# recco_service, with the data that it ships.

# The packages lie in a layer of their own: a change of our code does not install them again.
FROM python:3.13-slim AS packages
WORKDIR /app
RUN python -m venv --without-pip /venv
COPY requirements/service.txt requirements/
# pip stays outside, so that what runs later can install nothing.
RUN --mount=type=cache,target=/root/.cache/pip \
    pip --python /venv/bin/python install \
    --require-hashes --only-binary :all: --requirement requirements/service.txt

FROM packages AS code
COPY recco_service recco_service
# The root is read-only later, so bytecode that is not here now would be made at each start.
RUN python -m compileall -q --invalidation-mode unchecked-hash recco_service

FROM python:3.13-slim
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 \
    PORT=8002
WORKDIR /app
COPY deploy/docker/healthy.sh /usr/local/bin/healthy
COPY --from=packages /venv /venv
COPY --from=code /app/recco_service recco_service
USER 10001:10001
EXPOSE 8002
STOPSIGNAL SIGTERM
CMD ["python", "-m", "recco_service"]
