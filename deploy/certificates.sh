#!/bin/sh
# A private certificate authority for the broker, the gateways and the centre. Needs only openssl.
#   certificates.sh init FOLDER                    make the authority (once; keep FOLDER/ca.key off every machine in a shop)
#   certificates.sh server FOLDER NAME [IP]        certificate of a broker: DNS name, and an address if it has no name
#   certificates.sh client FOLDER ID               certificate of a gateway (its id) or of the centre (central)
#   certificates.sh renew FOLDER NAME              make the certificate valid for another 90 days, with the same key
#   certificates.sh revoke FOLDER ID               revoke it and renew FOLDER/crl.pem; restart the broker afterwards
#   certificates.sh crl FOLDER                     renew FOLDER/crl.pem (valid for 30 days)
set -eu
umask 077

usage() { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
fail() { echo "certificates.sh: $1" >&2; exit 1; }

[ $# -ge 2 ] || usage
command=$1
folder=$2
shift 2

# A name is a topic level and a file name: letters, digits, - and _; a broker's name may have dots.
checked() {
  case $1 in
    '' | *[!A-Za-z0-9_.-]* | .* | -*) fail "not a name: $1" ;;
  esac
}

authority() {
  cat <<CONF
[ca]
default_ca = own
[own]
database = $folder/index.txt
serial = $folder/serial
crlnumber = $folder/crlnumber
new_certs_dir = $folder/issued
certificate = $folder/ca.crt
private_key = $folder/ca.key
default_md = sha256
default_days = 90
default_crl_days = 30
policy = any
unique_subject = no
copy_extensions = none
[any]
commonName = supplied
[req]
distinguished_name = empty
[empty]
[authority]
basicConstraints = critical, CA:true, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = ${names:-DNS:localhost}
[client]
basicConstraints = CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
CONF
}

with_authority() {
  authority > "$folder/openssl.cnf"
  openssl "$@" 2> "$folder/openssl.log" || { cat "$folder/openssl.log" >&2; fail "openssl failed"; }
}

key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }

issue() {
  kind=$1
  name=$2
  [ -e "$folder/ca.key" ] || fail "no authority in $folder: run init first"
  [ ! -e "$folder/$name.key" ] || fail "$name has a certificate already: revoke it first"
  key "$folder/$name.key"
  with_authority req -new -config "$folder/openssl.cnf" -key "$folder/$name.key" -subj "/CN=$name" \
    -out "$folder/$name.csr"
  with_authority ca -batch -notext -config "$folder/openssl.cnf" -extensions "$kind" \
    -in "$folder/$name.csr" -out "$folder/$name.crt"
  rm "$folder/$name.csr"
}

# The names of a broker stay as they are in its old certificate.
renew() {
  name=$1
  [ -e "$folder/$name.crt" ] || fail "$name has no certificate"
  names=$(openssl x509 -in "$folder/$name.crt" -noout -ext subjectAltName 2> /dev/null |
    sed -n 's/IP Address:/IP:/g; s/ //g; /^DNS:/p')
  kind=client
  [ -z "$names" ] || kind=server
  with_authority req -new -config "$folder/openssl.cnf" -key "$folder/$name.key" -subj "/CN=$name" \
    -out "$folder/$name.csr"
  with_authority ca -batch -notext -config "$folder/openssl.cnf" -extensions "$kind" \
    -in "$folder/$name.csr" -out "$folder/$name.new"
  mv "$folder/$name.new" "$folder/$name.crt"
  rm "$folder/$name.csr"
}

renew_crl() { with_authority ca -gencrl -config "$folder/openssl.cnf" -out "$folder/crl.pem"; }

case $command in
  init)
    [ ! -e "$folder/ca.key" ] || fail "$folder holds an authority already"
    mkdir -p "$folder/issued"
    : > "$folder/index.txt"
    openssl rand -hex 16 > "$folder/serial"
    echo 01 > "$folder/crlnumber"
    key "$folder/ca.key"
    with_authority req -x509 -new -config "$folder/openssl.cnf" -extensions authority -sha256 -days 3650 \
      -key "$folder/ca.key" -subj "/CN=Vitrine private authority" -out "$folder/ca.crt"
    renew_crl
    ;;
  server)
    [ $# -ge 1 ] || usage
    checked "$1"
    names="DNS:$1"
    [ $# -lt 2 ] || names="$names,IP:$2"
    issue server "$1"
    ;;
  client)
    [ $# -eq 1 ] || usage
    checked "$1"
    case $1 in *.*) fail "an id has no dots: $1" ;; esac
    issue client "$1"
    ;;
  renew)
    [ $# -eq 1 ] || usage
    checked "$1"
    renew "$1"
    ;;
  revoke)
    [ $# -eq 1 ] || usage
    checked "$1"
    [ -e "$folder/$1.crt" ] || fail "$1 has no certificate"
    with_authority ca -batch -config "$folder/openssl.cnf" -revoke "$folder/$1.crt"
    renew_crl
    rm "$folder/$1.crt" "$folder/$1.key"
    ;;
  crl) renew_crl ;;
  *) usage ;;
esac
