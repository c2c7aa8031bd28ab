#!/bin/sh
# What sshd asks when the peer logs in: the keys of all that the peer may have done here, each for one program.
exec cat /etc/linode-ha/peer-keys.d/*
