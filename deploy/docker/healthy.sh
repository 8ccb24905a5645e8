#!/bin/bash
# healthy PORT PATH: exit code 0 if this container answers 200 there.
#
# In bash, because it runs every few seconds: a Python would cost thirty times as much, and the
# official images have no curl in common.
set -eu
exec 3<>"/dev/tcp/127.0.0.1/$1"
printf 'GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n' "$2" >&3
IFS=' ' read -r -t 2 _ status _ <&3
[[ $status == 200 ]]
