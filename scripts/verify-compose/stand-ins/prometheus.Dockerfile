# prom/prometheus without a registry: its paths, user, volume and entry point, as in Prometheus' own Dockerfile.
FROM eyrie-verify/debian:bookworm
COPY prometheus /bin/prometheus
WORKDIR /prometheus
RUN mkdir /etc/prometheus && chown -R nobody:nogroup /etc/prometheus /prometheus && chmod g+w /prometheus
USER nobody
EXPOSE 9090
VOLUME ["/prometheus"]
ENTRYPOINT ["/bin/prometheus"]
CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]
