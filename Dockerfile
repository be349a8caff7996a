# Airflow with everything devhealth needs; dags/, plugins/ and include/ are copied in, compose mounts them over.
# The base holds a git that is newer than git 2.32, the oldest that is accepted.
FROM apache/airflow:3.3.2-python3.12

USER root
RUN install --directory --owner=airflow --group=0 --mode=0775 /opt/devhealth
USER airflow

COPY requirements.txt /requirements.txt
RUN grep --invert-match '^pytest' /requirements.txt >/tmp/requirements.txt \
    && pip install --no-cache-dir "apache-airflow==${AIRFLOW_VERSION}" -r /tmp/requirements.txt

COPY --chown=airflow:0 dags /opt/airflow/dags
COPY --chown=airflow:0 plugins /opt/airflow/plugins
COPY --chown=airflow:0 include /opt/airflow/include
