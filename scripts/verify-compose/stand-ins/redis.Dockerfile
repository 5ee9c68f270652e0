# redis without a registry: Debian's, with the folder, entry point and command of the real image, whose Redis is compiled
# without protected mode.
FROM eyrie-verify/redis-debian:trixie
RUN mkdir /data && chown 999:999 /data \
    && printf '%s\n' '#!/bin/sh' 'set -e' '[ "$1" != redis-server ] || set -- "$@" --protected-mode no' 'exec "$@"' \
         > /usr/local/bin/docker-entrypoint.sh \
    && chmod +x /usr/local/bin/docker-entrypoint.sh
WORKDIR /data
EXPOSE 6379
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["redis-server"]
