# node:…-bookworm-slim for builds without a registry. Where npm is told to trust authorities of its own, so must the npm
# inside; both files are empty where it is not.
FROM eyrie-verify/node
COPY authorities.crt /run/authorities.crt
COPY npmrc /usr/local/etc/npmrc
