#!/usr/bin/env bash
# Installs what checks, builds and deploys the templates into .tools/venv.
set -euo pipefail
cd "$(dirname "$0")/.."

# cargo-lambda links with zig, and each of its releases works with few of zig's.
tools=(
    aws-sam-cli==1.170.0
    awscli==1.46.2
    cargo-lambda==1.9.2
    cfn-lint==1.58.0
    ziglang==0.16.0
)
venv=.tools/venv
installed=$venv/tools.txt

missing() {
    printf 'tools: %s\n' "$@" >&2
    exit 1
}

command -v python3 >/dev/null ||
    missing "python3 is not installed; these tools need Python 3.10 or newer"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    missing "$(python3 --version) is too old; these tools need Python 3.10 or newer"
python3 -c 'import ensurepip, venv' 2>/dev/null ||
    missing "python3 cannot make virtual environments; on Debian and Ubuntu, install python3-venv"

if [ -x "$venv/bin/sam" ] && [ "$(cat "$installed" 2>/dev/null)" = "${tools[*]}" ]; then
    echo "tools: up to date in $venv"
else
    echo "tools: installing ${tools[*]}"
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --disable-pip-version-check --progress-bar on "${tools[@]}" ||
        missing "pip could not install them; it says why above"
    echo "${tools[*]}" >"$installed"
    echo "tools: installed in $venv"
fi

command -v cargo >/dev/null || echo "tools: cargo is not installed; \`sam build\` needs it"
command -v docker >/dev/null || echo "tools: docker is not installed; \`sam local\` needs it"
echo "tools: use them with  PATH=\"\$PWD/$venv/bin:\$PATH\""
