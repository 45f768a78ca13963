# An etcd for the registry, from Debian's package: the one that the registry's tests run against.
#
# NOT RUN: the machine on which this was written can't run containers.
#
#   docker build --file deploy/etcd.Dockerfile --tag registry-etcd deploy

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends etcd-server \
    && rm -rf /var/lib/apt/lists/* \
    && install --directory --owner etcd --mode 700 /data
USER etcd
VOLUME /data
EXPOSE 2379 2380
CMD ["etcd", "--data-dir=/data/etcd"]
