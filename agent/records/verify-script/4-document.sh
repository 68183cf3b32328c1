# ---- The documents: what was signed, by which certificate, and that it is what the log says ------------------------------------------------

# Every file that may be a document, by its digest: names say nothing.
mkdir "$tmp/cut"
for file in documents/*; do if [ -f "$file" ]; then printf '%s %s\n' "$(sum_of "$file")" "$file"; fi; done >"$tmp/files"
printf '%s' "$outside" | while IFS= read -r file; do printf '%s %s\n' "$(sum_of "$file")" "$file"; done >>"$tmp/files"
file_with() { sed -n "s#^$1 ##p" "$tmp/files" | head -n 1; }
# Digests of documents and of certificates that an entry accounts for.
: >"$tmp/claimed"
: >"$tmp/certificates"
: >"$tmp/signer-keys"
claim() { printf '%s\n' "$1" >>"$tmp/claimed"; }

# The CMS in $1 over the content in $2: its signature, and that its signer is the certificate of the entry.
check_cms() {
  result=0
  openssl cms -verify -binary -inform DER -in "$1" -content "$2" -noverify -signer "$tmp/signer.pem" -out /dev/null >/dev/null 2>&1 || result=1
  judge $result "$what: the signature in the document is good for its content and for the certificate in it" \
    "$what: the signature in the document is not good: the content, the signature or the certificate in it was changed"
  [ $result = 0 ] || return 0
  found=$(openssl x509 -in "$tmp/signer.pem" -outform DER 2>/dev/null | sum)
  printf '%s\n' "$found" >>"$tmp/certificates"
  printf '%s %s\n' "$found" "$(openssl x509 -in "$tmp/signer.pem" -noout -pubkey 2>/dev/null | openssl pkey -pubin -outform DER 2>/dev/null | hex)" >>"$tmp/signer-keys"
  judge "$(same "$found" "$(text_in "$seq" certificate_sha256)")" "$what: the signer is the certificate that the entry names" \
    "$what: the signer is another certificate than the entry names"
  printf '        %s\n' "$(openssl x509 -in "$tmp/signer.pem" -noout -subject -nameopt utf8,sep_comma_plus_space 2>/dev/null)"
  if [ -z "$anchors" ]; then note "$what: who issued that certificate was not judged; give trusted issuers with --anchors FILE"; else
    result=0
    openssl cms -verify -binary -inform DER -in "$1" -content "$2" -CAfile "$anchors" -purpose any -no_check_time -out /dev/null >/dev/null 2>&1 || result=1
    judge $result "$what: the certificate comes from an issuer in --anchors (its time and revocation were not judged)" \
      "$what: the certificate does not come from an issuer in --anchors"
  fi
}

# A PDF: what is signed is everything but the place of the signature itself (ISO 32000-1 section 12.8.1).
check_pdf() {
  length=$(length_of "$1")
  tr -c '\040-\176' '\n' <"$1" | sed -n 's#.*/ByteRange *\[ *\([0-9]*\)  *\([0-9]*\)  *\([0-9]*\)  *\([0-9]*\) *\].*#\1 \2 \3 \4#p' >"$tmp/ranges"
  gap='' end=''
  while IFS=' ' read -r a b c d; do
    if [ "$a" = 0 ] && is_number "$b" && is_number "$c" && is_number "$d" && [ $((c + d)) = "$length" ]; then gap="$gap$b" end="$end$c"; fi
  done <"$tmp/ranges"
  if ! is_number "$gap" || ! is_number "$end" || [ "$gap" -ge "$end" ] || [ "$end" -gt "$length" ]; then
    failed "$what: no signature in the document covers all of it" && return 0
  fi
  tail -c +$((gap + 1)) "$1" | head -c $((end - gap)) >"$tmp/gap"
  if [ "$(tr -d '0-9A-Fa-f' <"$tmp/gap")" != '<>' ] || [ "$(head -c 1 "$tmp/gap")" != '<' ] || [ $(((end - gap) % 2)) = 1 ]; then
    failed "$what: the signature leaves out more of the document than its own place" && return 0
  fi
  ok "$what: one signature covers the whole document but its own place"
  { head -c "$gap" "$1" && tail -c +$((end + 1)) "$1"; } >"$tmp/content"
  tr -d '<>' <"$tmp/gap" | tr A-F a-f >"$tmp/hex"
  # The object says how long it is (DER, a length of two octets); zeros fill the rest of its place.
  case $(head -c 4 "$tmp/hex") in
    3082) used=$((2 * (4 + 0x$(head -c 8 "$tmp/hex" | cut -c5-8)))) ;;
    *) failed "$what: in the place of the signature stands none" && return 0 ;;
  esac
  if [ -n "$(tail -c +$((used + 1)) "$tmp/hex" | tr -d 0)" ]; then failed "$what: something stands behind the signature in its place" && return 0; fi
  { head -c "$used" "$tmp/hex" && echo; } | fold -w 128 | while IFS= read -r line; do bytes "$line"; done >"$tmp/cms"
  check_cms "$tmp/cms" "$tmp/content"
  shown_first "$1"
}

# The document that was shown is the beginning of the signed one: nothing in it was changed, the signature was put behind it.
shown_first() {
  document=$(text_in "$seq" document_sha256) long=
  while IFS= read -r one; do if [ "$(text_in "$one" document_sha256)" = "$document" ]; then long=$(number_in "$one" size); fi; done <"$tmp/document-in"
  if ! is_number "$long"; then failed "$what: the entry with which the document came in is missing" && return 0; fi
  judge "$(same "$(head -c "$long" "$1" | sum)" "$document")" "$what: its first $long bytes are exactly the document that the holder agreed to" \
    "$what: it does not begin with the document that the holder agreed to"
}

# A signature beside its file (CAdES): the file itself is not in it.
check_beside() {
  document=$(text_in "$seq" document_sha256)
  content=
  if is_hex "$document" 64; then content=$(file_with "$document"); fi
  if [ -z "$content" ]; then
    failed "$what: the file that was signed ($document) is not here; it is given with --document FILE" && return 0
  fi
  claim "$document"
  ok "$what: the file that was signed has the digest that the holder agreed to"
  check_cms "$1" "$content"
}
