# ---- Instead of a finger: a member of staff vouched for the holder, and signed that with their own token ----------------------------------

# Times in this form, all of them UTC, sort by their characters.
not_after() { [ -n "$1" ] && [ "$(printf '%s\n%s\n' "$1" "$2" | sort | head -n 1)" = "$1" ]; }
# What was signed: a fixed first line, and the entry without its signature and without what the log added when it was entered.
vouch_statement() {
  known='s#^{\("actor":{[^{}]*}\),"at":{[^{}]*},"fields":{\(.*\),"signature":"[0-9a-f]*"\(.*\)},"op":"vouch",\("origin":"[^"]*"\),.*$#{\1,"fields":{\2\3},"op":"vouch",\4,"v":1}#p'
  printf 'countersign/v1/vouch\n%s' "$(sed -n "$known" "$1")"
}
while IFS= read -r seq; do
  what="entry $seq (vouch)"
  place=$(printf %09d "$seq")
  vouch_statement "$(fact "$seq" body)" >"$tmp/signed"
  bytes "$(text_in "$seq" public_key)" >"$tmp/key.der"
  bytes "$(text_in "$seq" signature)" >"$tmp/signature"
  result=0
  case $(text_in "$seq" hash) in sha256 | sha384 | sha512) ;; *) result=1 ;; esac
  openssl pkey -pubin -inform DER -in "$tmp/key.der" -out "$tmp/key.pem" >/dev/null 2>&1 || result=1
  padding=
  if [ "$(text_in "$seq" scheme)" = rsa-pss ]; then padding='-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest'; fi
  # Without quotation marks: the padding is none, or several words.
  if [ $result = 0 ]; then openssl dgst "-$(text_in "$seq" hash)" $padding -verify "$tmp/key.pem" -signature "$tmp/signature" "$tmp/signed" >/dev/null 2>&1 || result=1; fi
  judge $result "$what: the signature of whoever vouched is good for all that the entry says" "$what: the signature of whoever vouched is not over what the entry says"
  for part in "vouch/$place.signed $(sum_of "$tmp/signed")" "vouch/$place.signature $(sum_of "$tmp/signature")"; do
    file=${part% *}
    found=
    if [ -f "$file" ]; then found=$(sum_of "$file"); fi
    [ "$found" = "${part#* }" ] || failed "$what: $file is not what the entry says"
  done
  found=none file=keys/vouch-$place.pem
  if [ -f "$file" ]; then found=$(openssl pkey -pubin -in "$file" -outform DER 2>/dev/null | hex); fi
  judge "$(same "$found" "$(text_in "$seq" public_key)")" "$what: the key in keys/ is the one that the entry says" "$what: the key in keys/ is not the one that the entry says"
  role=$(sed -n 's/^{"actor":{"id":"[A-Za-z0-9_-]*","role":"\([a-z]*\)"},.*$/\1/p' "$(fact "$seq" body)")
  case $role in
    clerk | supervisor) ok "$what: whoever vouched is a $role of the staff, by the station's word" ;;
    *) failed "$what: whoever vouched is neither a clerk nor a supervisor" ;;
  esac
  printf '%s\n' "$role" >"$tmp/e/$seq/role"
done <"$tmp/vouch"

while IFS= read -r seq; do
  what="entry $seq (vouched)"
  consent=$(consent_with "$(text_in "$seq" consent_sha256)") vouch=$(number_in "$seq" vouch)
  if ! before "$consent" "$seq"; then failed "$what: there is no consent before it that it is for" && continue; fi
  if ! is_number "$vouch" || ! grep "^$vouch\$" "$tmp/vouch" >/dev/null || ! before "$vouch" "$consent"; then
    failed "$what: the entry in which somebody vouched is not here" && continue
  fi
  leaf=$(fact "$vouch" leaf) certificate=$(certificate_in "$consent")
  judge "$(same "$leaf" "$(text_in "$seq" vouch_leaf)")" "$what: it names entry $vouch, in which somebody vouched" "$what: it names another entry $vouch"
  judge "$(same "$vouch $leaf" "$(number_in "$consent" entry) $(text_in "$consent" leaf)")" "$what: the holder agreed that this counts instead of a finger (consent in entry $consent)" \
    "$what: the consent in entry $consent does not say that this counts instead of a finger"
  judge "$(same "$certificate" "$(text_in "$vouch" holder_certificate_sha256)")" "$what: it is for the certificate of the consent" "$what: somebody vouched for another certificate than that of the consent"
  enrolled=
  while IFS= read -r one; do
    if [ "$(text_in "$one" certificate_sha256)" = "$certificate" ] && before "$one" "$seq"; then enrolled=$one; fi
  done <"$tmp/enrol"
  judge "$(same "$(fact "$seq" actor) $(text_in "$vouch" subject)" "$(text_in "${enrolled:-$seq}" subject) $(text_in "${enrolled:-$seq}" subject)")" \
    "$what: it is for the holder who was enrolled in entry $enrolled" "$what: it is for another holder than was enrolled for this certificate"
  until=$(sed -n 's/.*"until":"\([0-9TZ:.-]*\)".*/\1/p' "$tmp/e/$vouch/fields")
  if not_after "$(fact "$vouch" time)" "$(fact "$consent" time)" && not_after "$(fact "$consent" time)" "$until"; then ok "$what: it counted when the holder agreed (until $until)"; else
    failed "$what: it counted no longer when the holder agreed"
  fi
  if [ "$(text_in "$vouch" certificate_sha256)" != "$certificate" ] && [ "$(text_in "$vouch" public_key)" != "$(text_in "$seq" public_key)" ] &&
    [ "$(fact "$vouch" actor)" != "$(fact "$seq" actor)" ]; then
    ok "$what: whoever vouched has another pseudonym, certificate and key than the holder"
  else failed "$what: the holder vouched for themselves"; fi
  note "$what: NO FINGER was used. $(fact "$vouch" actor), $(fact "$vouch" role), with the certificate $(text_in "$vouch" certificate_sha256),"
  printf '        vouched for the holder (%s), because of: %s\n' "$(text_in "$vouch" identified)" "$(text_in "$vouch" reason)"
  printf '%s\n' "$consent" >"$tmp/e/$seq/consent"
  printf '%s\n' "$vouch" >>"$tmp/vouches"
done <"$tmp/vouched"
if [ -n "$(sort "$tmp/vouches" | uniq -d)" ]; then failed 'vouched: what somebody vouched once counts for two consents'; fi
# A consent that names a vouch is one without a finger.
without_finger() { [ -n "$(text_in "$1" leaf)" ]; }
