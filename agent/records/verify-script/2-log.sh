# ---- The checkpoint: what the log signed about itself -------------------------------------------------------------------------------------

origin=$(sed -n 1p checkpoint)
size=$(sed -n 2p checkpoint)
root64=$(sed -n 3p checkpoint)
case $origin in '' | *[!a-z0-9./-]*) give_up 'checkpoint: its first line is not the origin of a log' ;; esac
is_number "$size" || give_up 'checkpoint: its second line is not a size'
[ "$size" -gt 0 ] || give_up 'checkpoint: it is of an empty log'
root=$(printf '%s\n' "$root64" | openssl base64 -d -A 2>/dev/null | hex)
is_hex "$root" 64 || give_up 'checkpoint: its third line is not a hash'
[ -z "$(sed -n 4p checkpoint)" ] || give_up 'checkpoint: it has more than three lines above its signature'

# Ed25519 in DER is a fixed beginning and 32 bytes (RFC 8410).
raw_key() {
  der=$(openssl pkey -pubin -in "$1" -outform DER 2>/dev/null | hex)
  case $der in 302a300506032b6570032100*) printf '%s' "$der" | cut -c25- ;; *) echo none ;; esac
}
key=$(raw_key keys/log.pem)
is_hex "$key" 64 || give_up 'log key: keys/log.pem is not an Ed25519 public key'
if [ -n "$log_key" ]; then
  outer=$(raw_key "$log_key")
  # The text form is name+id+base64, and the base64 is of a byte 01 and the key.
  [ "$outer" != none ] || outer=$(head -n 1 "$log_key" | cut -d+ -f3- | openssl base64 -d -A 2>/dev/null | tail -c 32 | hex)
  judge "$(same "$outer" "$key")" 'log key: it is the one that you brought from elsewhere' \
    'log key: it is not the one that you brought from elsewhere; whoever made this package has another log'
else
  note "log key: it is the package's own word. Compare it with what head office knows: $key"
fi

head -n 3 checkpoint >"$tmp/text"
# C2SP signed-note: the line of the log's own key is its name and base64 of four bytes that tell the key, and the signature.
sed -n '5,$p' checkpoint | grep -F -- "— $origin " | cut -d' ' -f3 >"$tmp/lines" || :
signature=
if [ "$(lines_in "$tmp/lines")" = 1 ]; then signature=$(openssl base64 -d -A <"$tmp/lines" 2>/dev/null | hex); fi
key_id=$({ printf '%s\n' "$origin" && bytes "01$key"; } | sum | cut -c1-8)
if is_hex "$signature" 136 && [ "${signature%"${signature#????????}"}" = "$key_id" ]; then
  bytes "${signature#????????}" >"$tmp/signature"
  result=0
  openssl pkeyutl -verify -pubin -inkey keys/log.pem -rawin -in "$tmp/text" -sigfile "$tmp/signature" >/dev/null 2>&1 || result=1
else result=1; fi
judge $result "checkpoint: the log $origin signed that it had $size entries, with the root $root" \
  'checkpoint: its signature is not by the key of the log'

# ---- The entries: their bytes, their numbers, and that each is under the root -------------------------------------------------------------

# The hash of an inner node, and the way from a leaf up to the root (RFC 9162 section 2.1.3.2).
node() { bytes "01$1$2" | sum; }
climb() {
  hash=$1 index=$2 last=$(($3 - 1))
  while IFS=' ' read -r word other more; do
    [ "$last" -gt 0 ] && [ "$word$more" = node ] && is_hex "$other" 64 || return 1
    if [ $((index % 2)) = 1 ] || [ "$index" = "$last" ]; then
      hash=$(node "$other" "$hash")
      while [ $((index % 2)) = 0 ] && [ "$index" != 0 ]; do index=$((index / 2)) last=$((last / 2)); done
    else hash=$(node "$hash" "$other"); fi
    index=$((index / 2)) last=$((last / 2))
  done
  [ "$last" = 0 ] && [ "$hash" = "$root" ]
}

# An entry is one line of JSON in the one form of RFC 8785, so a pattern that fits from its first byte to its last reads it exactly.
beginning='^{"actor":{"id":"\([A-Za-z0-9_-]*\)","role":"[a-z]*"},"at":{"boot":"[0-9a-f]*","mono":[0-9]*,"time":"\([0-9TZ:.-]*\)"},"fields":{.*}'
ending='"origin":"\([a-z0-9./-]*\)","prev":"\([0-9a-f]\{64\}\)","seq":\([0-9]*\),"station":{"config":"[0-9a-f]*","software":"[^"\\]*"},"v":1}$'
sealed='s/\("prev":"[0-9a-f]\{64\}",\)"sealed":\[[][{}:,"a-z0-9_-]*\],\("seq":[0-9]*,"station":{[^{}]*},"v":1}\)$/\1\2/'
envelope() {
  # The jump to the next line forgets that something was replaced, so that the second jump is about the pattern before it alone.
  sed -n -e "$sealed" -e 't form' -e ': form' -e "s#$beginning,\"op\":\"\([a-z.-]*\)\",\"operation\":\"\([A-Za-z0-9_-]*\)\",$ending#\1 \2 \3 \4 \5 \6 \7#p" -e t \
    -e "s#$beginning,\"op\":\"\([a-z.-]*\)\",$ending#\1 \2 \3 - \4 \5 \6#p" "$1"
}
fields_of() { sed -n 's#^{"actor":{[^{}]*},"at":{[^{}]*},"fields":\({.*}\),"op":"[a-z.-]*",.*$#\1#p' "$1"; }

mkdir "$tmp/e"
for body in entries/*.json; do
  [ -f "$body" ] || give_up 'entries: there is none'
  proof=${body%.json}.proof
  what="entry in $body"
  seq='' op='' about='' from='' prev='' time='' who=''
  if [ "$(lines_in "$body")" = 0 ]; then
    printf '%s\n' "$(envelope "$body")" >"$tmp/envelope"
    IFS=' ' read -r who time op about from prev seq <"$tmp/envelope"
  fi
  if ! is_number "$seq" || ! is_hex "$prev" 64; then failed "$what: it is not written as entries are" && continue; fi
  what="entry $seq ($op)"
  if [ -d "$tmp/e/$seq" ]; then failed "$what: it is here twice" && continue; fi
  mkdir "$tmp/e/$seq"
  here="$tmp/e/$seq"
  printf '%s\n' "$(fields_of "$body")" >"$here/fields"
  for fact in "op $op" "operation $about" "prev $prev" "actor $who" "time $time" "body $body"; do printf '%s\n' "${fact#* }" >"$here/${fact%% *}"; done
  leaf=$({ printf '\000' && cat "$body"; } | sum)
  printf '%s\n' "$leaf" >"$here/leaf"
  if [ "$from" != "$origin" ]; then failed "$what: it says that it is of another log" && continue; fi
  if [ ! -f "$proof" ]; then failed "$what: its proof is missing" && continue; fi
  {
    one='' two='' three=''
    if IFS= read -r one && IFS= read -r two; then IFS= read -r three || :; fi
    if [ "$one $two" != "index $seq size $size" ] || [ "$seq" -ge "$size" ]; then
      failed "$what: its proof is of another number, or of another checkpoint"
    elif [ "$three" != "leaf $leaf" ]; then
      failed "$what: it was changed: its bytes do not have the hash that the proof is of"
    elif climb "$leaf" "$seq" "$size"; then
      ok "$what: exactly these bytes are in the log, made $time by the station's clock"
    else
      failed "$what: its proof does not lead to the root that the log signed"
    fi
  } <"$proof"
done

# A fact of an entry, as it was read above.
fact() {
  known=
  if [ -f "$tmp/e/$1/$2" ]; then IFS= read -r known <"$tmp/e/$1/$2" || :; fi
  printf '%s' "$known"
}
for one in "$tmp"/e/*; do printf '%s\n' "${one##*/}"; done | sort -n >"$tmp/numbers"
before=-2
while IFS= read -r seq; do
  if [ "$seq" = 0 ] || [ "$seq" = $((before + 1)) ]; then
    leaf=0000000000000000000000000000000000000000000000000000000000000000
    [ "$seq" = 0 ] || leaf=$(fact "$before" leaf)
    judge "$(same "$(fact "$seq" prev)" "$leaf")" "entry $seq: it follows the one before it" "entry $seq: it does not follow the one before it"
  fi
  before=$seq
done <"$tmp/numbers"
