# The program for production: `docker build -t consentbot .`, or as part of compose.yaml. docs/deployer.md
FROM python:3.13-slim AS build
WORKDIR /app
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH
# The libraries first: they change less often than the program.
COPY requirements.txt ./
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt
COPY pyproject.toml ./
COPY flows ./flows
COPY locales ./locales
COPY bot ./bot
RUN python -m bot i18n compile

FROM python:3.13-slim
# A fixed number, so that volumes can be given to it. /var/lib/consentbot holds the list of erasures.
RUN useradd --system --uid 10001 --user-group --home-dir /app --shell /usr/sbin/nologin consentbot \
    && install -d -o consentbot -g consentbot /var/lib/consentbot
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 VAR_DIR=/var/lib/consentbot PORT=8000
USER consentbot
VOLUME /var/lib/consentbot
EXPOSE 8000
STOPSIGNAL SIGTERM
# A worker has no PORT to ask; with METRICS_PORT, web and worker answer there.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as web; web.urlopen('http://127.0.0.1:%s/healthz' % (os.environ.get('METRICS_PORT') or os.environ['PORT']), timeout=4)"]
CMD ["python", "-m", "bot", "web"]
