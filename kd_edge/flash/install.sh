#!/bin/sh
# Puts kd-edge and the bundle beside this file onto a device, without a network:
#   sh install.sh [FOLDER]
set -eu
case "${1:-}" in
-*)
    echo "usage: sh install.sh [FOLDER]" >&2
    exit 2
    ;;
esac
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
for python in python3 python3.15 python3.14 python3.13 python3.12 python3.11 python3.10 python3.9 ''; do
    [ -n "$python" ] || break
    ! command -v "$python" >/dev/null 2>&1 || break
done
if [ -z "$python" ]; then
    echo "Error: this device has no python3: kd-edge needs Python 3.9 or newer." >&2
    exit 1
fi
# -I: nothing of the user's is imported; -B: nothing is written onto the stick.
exec "$python" -I -B "$here/kit/install.pyz" "$here" "$@"
