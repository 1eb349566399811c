#!/bin/sh
# Makes the password file from the environment at every start, so that no secret stands in the repository.
set -eu
umask 077
: > /tmp/passwords
# Each with a password of its own: who may send receipts must not be able to acknowledge events.
mosquitto_passwd -b /tmp/passwords "$VITRINE_GATEWAY_ID" "$VITRINE_MQTT_PASSWORD"
mosquitto_passwd -b /tmp/passwords central "$VITRINE_CENTRAL_MQTT_PASSWORD"
if [ -n "${VITRINE_TILL_MQTT_PASSWORD:-}" ]; then
  mosquitto_passwd -b /tmp/passwords till "$VITRINE_TILL_MQTT_PASSWORD"
fi
chown mosquitto /tmp/passwords
exec mosquitto -c /mosquitto/config/mosquitto.conf
