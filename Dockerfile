# The graphs are built while the image is built, so a container starts without a network.
FROM python:3.11-slim

WORKDIR /app
COPY requirements.txt constraints.txt ./
# A server draws no windows: the headless OpenCV needs none of the X11 libraries.
RUN sed 's/^opencv-python/opencv-python-headless/' requirements.txt > requirements-headless.txt \
    && pip install --no-cache-dir -r requirements-headless.txt

COPY object_detection object_detection
COPY face_service face_service
COPY flask_run.py gunicorn.conf.py ./
RUN python -m face_service build-graphs

RUN useradd --create-home --uid 1000 face \
    && mkdir -p face tmp \
    && chown -R face:face graphs face tmp
USER face
# Data only, no code: a volume mounted here hides nothing that the service needs, except that a
# volume over graphs/ must hold graphs (an empty named volume is filled from the image).
VOLUME ["/app/graphs", "/app/face", "/app/tmp"]
EXPOSE 5000
ENV PYTHONUNBUFFERED=1
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD \
    python -c "import os, urllib.request as r; r.urlopen('http://localhost:%s/readyz' % os.environ.get('FACE_PORT', '5000'))"
CMD ["python", "flask_run.py"]
