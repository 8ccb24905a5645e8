#!/bin/sh
# Finds a Python that can make an environment and lets it install: install.sh run|dev.
# Plain sh, because nothing else is known to be there.

find_python() {
    for python in python3 python3.13 python3.12 python3.11 python3.14; do
        command -v "$python" >/dev/null 2>&1 || continue
        found="$python"
        if "$python" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            return 0
        fi
    done
    return 1
}

found=
if find_python; then
    exec "$python" -B -m deploy.local.install "$@"
elif [ -z "$found" ]; then
    echo "Python is missing: install Python 3.11 or later (on Debian: apt install python3 python3-venv)." >&2
else
    echo "Python 3.11 or later with its venv module is needed, and $("$found" -V 2>&1) is what is here: install a newer one (on Debian 12 or later: apt install python3 python3-venv)." >&2
fi
exit 1
