# The stand-ins for the world outside: weather, avatars, mail.

# The packages lie in a layer of their own: a change of our code does not install them again.
FROM python:3.13-slim AS packages
WORKDIR /app
RUN python -m venv --without-pip /venv
COPY requirements/standin.txt requirements/
# pip stays outside, so that what runs later can install nothing.
RUN --mount=type=cache,target=/root/.cache/pip \
    pip --python /venv/bin/python install \
    --require-hashes --only-binary :all: --requirement requirements/standin.txt

FROM packages AS code
COPY tests/__init__.py tests/
COPY tests/standins tests/standins
# The root is read-only later, so bytecode that is not here now would be made at each start.
RUN python -m compileall -q --invalidation-mode unchecked-hash tests

FROM python:3.13-slim
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 \
    PORT=8003 \
    SMTP_PORT=8025
WORKDIR /app
COPY deploy/docker/healthy.sh /usr/local/bin/healthy
COPY --from=packages /venv /venv
COPY --from=code /app/tests tests
USER 10001:10001
EXPOSE 8003 8025
STOPSIGNAL SIGTERM
CMD ["python", "-m", "tests.standins"]
