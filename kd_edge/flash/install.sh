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
fail() {
    echo "Error: $1" >&2
    exit 1
}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

# Where the device has a list of signers, nothing of the kit is run before one of them is found to
# have signed its list of hashes.
root=${1:-${KD_EDGE_ROOT:-}}
if [ -z "$root" ]; then
    root=/var/lib/kd-edge
    [ -d "$root" ] || [ "$(id -u)" = 0 ] || root=${XDG_DATA_HOME:-${HOME:-}/.local/share}/kd-edge
fi
case $root in /*) ;; *) root=$PWD/$root ;; esac
allowed=$root/allowed_signers revoked=$root/revoked_keys
if [ -e "$allowed" ] || [ -h "$allowed" ]; then
    command -v ssh-keygen >/dev/null 2>&1 ||
        fail "this device has no ssh-keygen to check the kit: install openssh-client."
    cd -- "$here/kit"
    [ -f SHA256SUMS.sig ] ||
        fail "the kit is not signed, but there is a list '$allowed': flash it with --key."
    signer=
    names=$(ssh-keygen -Y find-principals -f "$allowed" -s SHA256SUMS.sig 2>/dev/null) || names=
    while IFS= read -r name; do
        set -- -Y verify -f "$allowed" -I "$name" -n kd-edge -s SHA256SUMS.sig
        { [ ! -e "$revoked" ] && [ ! -h "$revoked" ]; } || set -- "$@" -r "$revoked"
        [ -z "$name" ] || ! ssh-keygen "$@" <SHA256SUMS >/dev/null 2>&1 || signer=$name
    done <<NAMES
$names
NAMES
    [ -n "$signer" ] || fail "the kit is not signed by anybody whom '$allowed' allows."
    sha256sum -c SHA256SUMS >/dev/null 2>&1 || shasum -a 256 -c SHA256SUMS >/dev/null 2>&1 ||
        fail "a file of the kit is missing or damaged: flash it again."
    cd /
    set -- "$root"
fi

for python in python3 python3.15 python3.14 python3.13 python3.12 python3.11 python3.10 python3.9 ''; do
    [ -n "$python" ] || break
    ! command -v "$python" >/dev/null 2>&1 || break
done
[ -n "$python" ] || fail "this device has no python3: kd-edge needs Python 3.9 or newer."
# -I: nothing of the user's is imported; -B: nothing is written onto the stick.
exec "$python" -I -B "$here/kit/install.pyz" "$here" "$@"
