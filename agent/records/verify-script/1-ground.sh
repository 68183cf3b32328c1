#!/bin/sh
# verify.sh: checks an evidence package of a Countersign station. README.md beside it tells what each file is and what is shown.
#
#   sh verify.sh [--log-key FILE] [--anchors FILE] [--document FILE] [FOLDER]
#
#   --log-key FILE   the key of the log as it was brought from elsewhere: PEM, or the text that "countersign log key" prints
#   --anchors FILE   certificates (PEM) of issuers that are trusted, for the chain of the signer's certificate
#   --document FILE  a document that is not in the package; it is known by its digest (may be said several times)
#   FOLDER           the package; without it the folder in which this script lies
#
# It needs a POSIX shell and its tools (head and tail with -c), sha256sum, and openssl 3. It writes nothing but a temporary folder of its own.
# One line for each check: "ok" or "FAILED". Exit codes: 0 everything holds, 1 something does not, or could not be checked, 3 everything holds
# and no document was signed in this operation, or nobody knows whether one was.
set -eu
LC_ALL=C
export LC_ALL
umask 077

failures=0
checks=0
tmp=
unset CDPATH
ok() {
  checks=$((checks + 1))
  printf 'ok      %s\n' "$1"
}
failed() {
  failures=$((failures + 1))
  printf 'FAILED  %s\n' "$1"
}
note() { printf 'note    %s\n' "$1"; }
# judge CONDITION-RESULT SENTENCE-IF-GOOD SENTENCE-IF-BAD
judge() { if [ "$1" = 0 ]; then ok "$2"; else failed "$3"; fi; }
same() { if [ "$1" = "$2" ] && [ -n "$1" ]; then echo 0; else echo 1; fi; }

finished=no
leave() {
  [ -z "$tmp" ] || rm -rf "$tmp"
  if [ "$finished" = no ]; then
    printf 'VERDICT: DOES NOT HOLD. The check broke off before its end, so nothing is shown.\n'
    exit 1
  fi
}
trap leave EXIT
trap 'exit 1' HUP INT TERM
give_up() {
  failed "$1"
  exit 1
}

package=
log_key=
anchors=
outside=
# A path that begins with a dash would be taken for an option by the tools.
path_of() { case $1 in -*) printf './%s' "$1" ;; /*) printf '%s' "$1" ;; *) printf '%s/%s' "$PWD" "$1" ;; esac; }
while [ $# -gt 0 ]; do
  case $1 in
    --log-key | --anchors | --document)
      [ $# -gt 1 ] || give_up "call: $1 needs a file behind it"
      [ -f "$2" ] || give_up "call: there is no file $2"
      case $1 in
        --log-key) log_key=$(path_of "$2") ;;
        --anchors) anchors=$(path_of "$2") ;;
        --document) outside="$outside$(path_of "$2")
" ;;
      esac
      shift 2
      ;;
    -*) give_up "call: there is no option $1" ;;
    *)
      [ -z "$package" ] || give_up "call: one folder is checked at a time"
      package=$1
      shift
      ;;
  esac
done
[ -n "$package" ] || package=$(dirname -- "$0")
cd -- "$package" 2>/dev/null || give_up "call: there is no folder $package"

for tool in sha256sum openssl od cut head tail grep sed tr sort uniq find xargs wc cmp fold mkdir rm cat dirname; do
  command -v "$tool" >/dev/null 2>&1 || give_up "tools: $tool is not here, and nothing can be checked without it"
done
case $(openssl version 2>/dev/null) in
  'OpenSSL '[3-9].*) ok "tools: all are here ($(openssl version | cut -d' ' -f1-2))" ;;
  *) give_up 'tools: openssl is not of version 3 or later' ;;
esac
made="${TMPDIR:-/tmp}/countersign-verify.$$"
mkdir "$made" || give_up "tools: no temporary folder can be made in ${TMPDIR:-/tmp}"
tmp=$made

# Lower-case hex of what comes in, and the bytes of hex that is given.
hex() { od -An -v -tx1 | tr -d ' \n'; }
bytes() {
  rest=$1
  escapes=
  while [ -n "$rest" ]; do
    tail=${rest#??}
    number=$((0x${rest%"$tail"}))
    escapes="$escapes\\0$((number / 64))$((number / 8 % 8))$((number % 8))"
    rest=$tail
  done
  printf %b "$escapes"
}
sum() {
  digest=$(sha256sum) || return 1
  printf '%s' "${digest%% *}"
}
sum_of() { sum <"$1"; }
length_of() { echo $(($(wc -c <"$1"))); }
lines_in() { echo $(($(wc -l <"$1"))); }
is_hex() { case $1 in '' | *[!0-9a-f]*) return 1 ;; esac; [ ${#1} -eq "$2" ]; }
# Whole numbers that a shell can count with, in their one form.
is_number() { case $1 in '' | *[!0-9]* | 0?*) return 1 ;; esac; [ ${#1} -le 16 ]; }

# The list of files says whether the package is whole. Nobody signed it: what is proven is proven further below.
if [ -f SHA256SUMS ] && [ ! -L SHA256SUMS ]; then
  if grep -v '^[0-9a-f]\{64\}  [A-Za-z0-9][A-Za-z0-9/.-]*$' SHA256SUMS >/dev/null || grep '\.\.' SHA256SUMS >/dev/null; then
    give_up 'files: SHA256SUMS has a line that is not a sum and a plain name'
  fi
  cut -c67- SHA256SUMS | sort >"$tmp/listed"
  find . ! -type d | sed 's#^\./##' | grep -v '^SHA256SUMS$' | sort >"$tmp/there"
  if [ -n "$(sort "$tmp/listed" | uniq -d)" ]; then give_up 'files: SHA256SUMS names a file twice'; fi
  find . ! -type d ! -type f >"$tmp/strange"
  [ ! -s "$tmp/strange" ] || give_up 'files: something in the folder is neither a file nor a folder'
  if cmp -s "$tmp/listed" "$tmp/there"; then ok "files: all $(lines_in "$tmp/listed") are here, and no others"; else
    failed 'files: one is missing, or one is here that SHA256SUMS does not name'
  fi
  cut -c67- SHA256SUMS | xargs sha256sum >"$tmp/sums" 2>/dev/null || :
  if cmp -s "$tmp/sums" SHA256SUMS; then ok 'files: each has the sum that SHA256SUMS says'; else
    failed 'files: one does not have the sum that SHA256SUMS says'
  fi
else
  failed 'files: SHA256SUMS is missing'
fi
for name in operation rp-id checkpoint keys/log.pem; do
  [ -f "$name" ] || give_up "files: $name is missing, and nothing can be checked without it"
done
operation=$(head -n 1 operation)
case $operation in '' | *[!A-Za-z0-9_-]*) give_up 'files: operation does not hold the id of an operation' ;; esac
