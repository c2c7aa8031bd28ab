#!/bin/sh
# Heartbeat's dopd, with a drbdadm whose word can be relied on: see outdate.sh.
PATH=/usr/local/lib/linode-ha/outdate:$PATH exec /usr/libexec/heartbeat/dopd
