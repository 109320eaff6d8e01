# The portal's web server and worker; see deploy/compose.yaml for how they run together.
FROM python:3.13-slim AS build
WORKDIR /app
RUN python -m venv /venv
COPY requirements.lock requirements-dev.lock ./
RUN /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
# a second environment, left behind here, has what compiles the translations
RUN python -m venv /build && /build/bin/pip install --no-cache-dir --require-hashes -r requirements-dev.lock
COPY . .
ENV PORTAL_ENVIRONMENT=development DATABASE_URL=postgresql:///unused
RUN /build/bin/python manage.py messages compile
RUN PORTAL_ENVIRONMENT=production PORTAL_BASE_URL=https://build.invalid \
    PORTAL_EMAIL_URL=smtp://build.invalid \
    PORTAL_SECRET_KEY=only-for-collecting-static-files-and-then-thrown-away \
    PORTAL_LINK_KEY=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \
    PORTAL_AUDIT_KEY=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \
    PORTAL_KEY_ENCRYPTION_KEYS=1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \
    PORTAL_KEY_PEPPERS=1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \
    /venv/bin/python manage.py collectstatic --noinput

FROM python:3.13-slim
RUN useradd --system --uid 10001 portal
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1
USER portal
EXPOSE 8000
HEALTHCHECK CMD ["python", "-c", "import socket; socket.create_connection(('127.0.0.1', 8000), 3)"]
# no access log: private links are part of paths
CMD ["gunicorn", "portal.wsgi", "--bind", "0.0.0.0:8000", "--workers", "4", "--threads", "4", "--worker-tmp-dir", "/dev/shm", "--no-control-socket"]
