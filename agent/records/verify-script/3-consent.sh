# ---- Whose entries these are, and what they say of consent and finger ---------------------------------------------------------------------

op_of() { fact "$1" op; }
# The members of the fields, one to a line: a name, and hex, a whole number or a plain word. What stands inside a string has a backslash before each
# quotation mark, so no text can look like one.
while IFS= read -r seq; do
  tr '{},' '\n\n\n' <"$tmp/e/$seq/fields" | sed -n -e 's/^"\([a-z][a-z0-9_]*\)":"\([A-Za-z0-9_-]*\)"$/\1 \2/p' -e 's/^"\([a-z][a-z0-9_]*\)":\([0-9]*\)$/\1 \2/p' >"$tmp/e/$seq/members"
done <"$tmp/numbers"
# The member $2 of entry $1; nothing where there is none, or more than one.
text_in() {
  value='' times=0
  while IFS=' ' read -r name known; do
    if [ "$name" = "$2" ]; then value=$known times=$((times + 1)); fi
  done <"$tmp/e/$1/members"
  [ $times != 1 ] || printf '%s' "$value"
}
number_in() { text_in "$1" "$2"; }
before() { [ -n "$1" ] && [ -n "$2" ] && [ "$1" -lt "$2" ]; }

for op in genesis key enrol document-in consent sign.intent finger-matched vouch vouched sign.done; do : >"$tmp/$op"; done
while IFS= read -r seq; do
  IFS= read -r op <"$tmp/e/$seq/op"
  case $op in
    genesis | key | enrol | document-in | consent | sign.intent | finger-matched | vouch | vouched | sign.done) printf '%s\n' "$seq" >>"$tmp/$op" ;;
  esac
done <"$tmp/numbers"

# Beside those of the operation an entry may be here that is needed to judge it, and no other.
: >"$tmp/wanted"
: >"$tmp/vouches"
is_named_vouch() {
  while IFS= read -r one; do [ "$(number_in "$one" vouch)" != "$1" ] || return 0; done <"$tmp/vouched"
  return 1
}
while IFS= read -r seq; do
  printf '%s\n%s\n' "$(text_in "$seq" certificate_sha256)" "$(text_in "$seq" document_sha256)" >>"$tmp/wanted"
done <"$tmp/sign.intent"
named() { [ -n "$1" ] && grep "^$1\$" "$tmp/wanted" >/dev/null; }
while IFS= read -r seq; do
  IFS= read -r op <"$tmp/e/$seq/op"
  IFS= read -r about <"$tmp/e/$seq/operation"
  fits=1
  if [ "$about" = "$operation" ]; then fits=0; elif [ "$about" = - ]; then
    case $op in
      genesis) [ "$seq" != 0 ] || fits=0 ;;
      key) [ "$(text_in "$seq" purpose)" != log ] || fits=0 ;;
      enrol) if named "$(text_in "$seq" certificate_sha256)"; then fits=0; fi ;;
      vouch) if is_named_vouch "$seq"; then fits=0; fi ;;
      document-in) if named "$(text_in "$seq" document_sha256)"; then fits=0; fi ;;
    esac
  fi
  [ $fits = 0 ] || failed "entry $seq ($op): it is of another operation, and is not needed to judge this one"
done <"$tmp/numbers"

if ! grep "^$operation\$" "$tmp"/e/*/operation >/dev/null; then failed "operation: no entry of $operation is here"; fi

judge "$(same "$(cat "$tmp/genesis")" 0)" 'genesis: the entry with which the log begins is here' 'genesis: the entry with which the log begins is missing'
case $(cat "$tmp/genesis" && cat "$tmp/e/0/fields" 2>/dev/null) in
  *'"demo":true'*) note 'genesis: this is a DEMO station: its devices are virtual, and its signatures bind nobody' ;;
esac
if [ "$(lines_in "$tmp/key")" = 1 ]; then found=$(text_in "$(cat "$tmp/key")" public_key); else found=; fi
judge "$(same "$found" "$key")" 'log key: the log says itself that this is its key' 'log key: the log does not say that this is its key'

# The consent: what was hashed is a fixed first line and the statement, byte for byte as it stands in the entry.
statement_of() { sed -n 's/^{"consent_sha256":"[0-9a-f]*","statement":\({.*}\)}$/\1/p' "$tmp/e/$1/fields"; }
while IFS= read -r seq; do
  statement=$(statement_of "$seq")
  digest=$(printf 'countersign/v1/consent\n%s' "$statement" | sum)
  judge "$(same "$digest" "$(text_in "$seq" consent_sha256)")" "entry $seq (consent): its digest is that of the statement that stands in it" \
    "entry $seq (consent): its digest is not that of the statement that stands in it"
  case $statement in
    *",\"operation\":\"$operation\",\"station\":\"$origin\",\"text_sha256\":\""*) ok "entry $seq (consent): it names this operation and this log" ;;
    *) failed "entry $seq (consent): it does not name this operation and this log" ;;
  esac
  printf '%s\n' "$digest" >"$tmp/e/$seq/digest"
  # One document to a line: each begins with a brace, and what it holds besides comes before or behind these two.
  printf '%s\n' "$statement" | tr '{' '\n' | sed -n 's/.*"sha256":"\([0-9a-f]\{64\}\)",.*"size":\([0-9]*\)[,}].*/\1 \2/p' >"$tmp/e/$seq/documents"
  file=consent/$(printf %09d "$seq").signed
  if [ -f "$file" ]; then
    judge "$(same "$(sum_of "$file")" "$(fact "$seq" digest)")" "entry $seq (consent): the file in consent/ is what was hashed" \
      "entry $seq (consent): the file in consent/ is not what was hashed"
  else failed "entry $seq (consent): the file in consent/ is missing"; fi
done <"$tmp/consent"
# The number of the consent with this digest; nothing where there is none, or more than one.
consent_with() {
  while IFS= read -r one; do if [ "$(fact "$one" digest)" = "$1" ]; then echo "$one"; fi; done <"$tmp/consent" >"$tmp/found"
  if [ "$(lines_in "$tmp/found")" = 1 ]; then cat "$tmp/found"; fi
}
certificate_in() { text_in "$1" certificate_sha256; }

# The finger: the reader signed its own data and the digest of the consent, with the key that was enrolled for the holder's certificate.
asserted=0
rp_hash=$(head -n 1 rp-id | tr -d '\n' | sum)
while IFS= read -r seq; do
  what="entry $seq (finger-matched)"
  consent=$(consent_with "$(text_in "$seq" consent_sha256)")
  challenge=$(text_in "$seq" client_data_hash) data=$(text_in "$seq" authenticator_data)
  answer=$(text_in "$seq" signature)
  if ! before "$consent" "$seq"; then failed "$what: there is no consent before it that it is for" && continue; fi
  enrolled=
  certificate=$(certificate_in "$consent")
  while IFS= read -r one; do
    if [ "$(text_in "$one" certificate_sha256)" = "$certificate" ] && before "$one" "$seq"; then enrolled=$one; fi
  done <"$tmp/enrol"
  if [ -z "$enrolled" ]; then failed "$what: no finger was enrolled for the certificate of the consent" && continue; fi
  judge "$(same "$(text_in "$seq" assurance)" "$(text_in "$enrolled" assurance)")" "$what: whose word it is that the finger matched is as it was enrolled" \
    "$what: whose word it is that the finger matched is not as it was enrolled"
  # A reader that signs nothing: there is nothing of it that could be checked, and a verdict must not sound as if there were.
  if [ "$(text_in "$seq" assurance)" = station-asserted ]; then
    judge "$(same "$(fact "$seq" actor)" "$(text_in "$enrolled" subject)")" "$what: the entry names the holder who was enrolled" \
      "$what: the entry names another holder than was enrolled"
    note "$what: NO READER SIGNED that a finger matched. It is the word of the station alone (station-asserted)"
    asserted=$((asserted + 1))
    printf '%s\n' "$consent" >"$tmp/e/$seq/consent"
    continue
  fi
  judge "$(same "$(text_in "$seq" credential_id)" "$(text_in "$enrolled" credential_id)")" "$what: it is the credential that entry $enrolled enrolled" \
    "$what: it is another credential than entry $enrolled enrolled"
  judge "$(same "$(fact "$seq" actor)" "$(text_in "$enrolled" subject)")" "$what: the entry names the holder who was enrolled" \
    "$what: the entry names another holder than was enrolled"
  judge "$(same "$challenge" "$(fact "$consent" digest)")" "$what: the reader was asked for exactly the consent in entry $consent" \
    "$what: the reader was asked for something else than the consent in entry $consent"
  if ! is_hex "$data" 74 || ! is_hex "$challenge" 64; then failed "$what: what the reader gave does not have its form" && continue; fi
  bytes "$(text_in "$enrolled" public_key)" >"$tmp/key.der"
  bytes "$answer" >"$tmp/signature"
  bytes "$data$challenge" >"$tmp/signed"
  result=0
  openssl pkey -pubin -inform DER -in "$tmp/key.der" -out "$tmp/key.pem" >/dev/null 2>&1 || result=1
  openssl dgst -sha256 -verify "$tmp/key.pem" -signature "$tmp/signature" "$tmp/signed" >/dev/null 2>&1 || result=1
  judge $result "$what: the reader's signature over its data and the consent is good" "$what: the reader's signature is not over these data and this consent"
  judge "$(same "$(printf '%s' "$data" | cut -c1-64)" "$rp_hash")" "$what: the credential is for $(head -n 1 rp-id)" "$what: the credential is for somebody else than rp-id says"
  flags=$((0x$(printf '%s' "$data" | cut -c65-66)))
  if [ $((flags & 1)) = 1 ]; then ok "$what: the reader says that a person was there (flag UP)"; else failed "$what: the reader does not say that a person was there (flag UP)"; fi
  if [ $((flags & 4)) = 4 ]; then ok "$what: the reader says that it verified the person (flag UV)"; else failed "$what: the reader does not say that it verified the person (flag UV)"; fi
  counter=$((0x$(printf '%s' "$data" | cut -c67-74)))
  judge "$(same "$counter" "$(number_in "$seq" sign_count)")" "$what: the counter is the one that the entry says" "$what: the counter is not the one that the entry says"
  place=$(printf %09d "$seq") found_key="keys/finger-$(printf %09d "$enrolled").pem"
  for part in "authenticator-data $data" "client-data-hash $challenge" "signature $answer"; do
    file=assertion/$place.${part%% *}
    found=
    if [ -f "$file" ]; then found=$(hex <"$file"); fi
    [ "$found" = "${part#* }" ] || failed "$what: $file is not what the entry says"
  done
  found=none
  if [ -f "$found_key" ]; then found=$(openssl pkey -pubin -in "$found_key" -outform DER 2>/dev/null | hex); fi
  judge "$(same "$found" "$(text_in "$enrolled" public_key)")" "$what: the key in keys/ is the one that was enrolled" "$what: the key in keys/ is not the one that was enrolled"
  printf '%s\n' "$consent" >"$tmp/e/$seq/consent"
done <"$tmp/finger-matched"
