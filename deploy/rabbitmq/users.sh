#!/bin/sh
# Gives certificates their rights, on any one node: users.sh central | users.sh gateway ID | users.sh remove ID
# To refuse a stolen gateway at once, remove its user; its certificate is then worth nothing, revoked or not.
set -eu
add() { rabbitmqctl add_user "$1" "$(openssl rand -hex 32)" && rabbitmqctl clear_password "$1"; }
case ${1:-}:${2:-} in
  central:)
    add central
    rabbitmqctl set_permissions central '^mqtt-subscription-.*' '^(mqtt-subscription-.*|amq\.topic)$' \
      '^(mqtt-subscription-.*|amq\.topic)$'
    rabbitmqctl set_topic_permissions central amq.topic '^vitrine\.v1\.[^.]+\.down\.' '^vitrine\.v1\.[^.]+\.up\.'
    ;;
  gateway:?*)
    add "$2"
    rabbitmqctl set_permissions "$2" "^mqtt-subscription-$2qos[01]\$" \
      "^(mqtt-subscription-$2qos[01]|amq\\.topic)\$" "^(mqtt-subscription-$2qos[01]|amq\\.topic)\$"
    rabbitmqctl set_topic_permissions "$2" amq.topic "^vitrine\\.v1\\.$2\\.(up|live|event)\\." \
      "^vitrine\\.v1\\.$2\\.(down|in)\\."
    ;;
  remove:?*) rabbitmqctl delete_user "$2" ;;
  *) sed -n '2,3s/^# //p' "$0" >&2; exit 2 ;;
esac
