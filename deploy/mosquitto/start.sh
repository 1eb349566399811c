#!/bin/sh
# Makes the password file from the environment at every start, so that no secret stands in the repository.
set -eu
umask 077
: > /tmp/passwords
mosquitto_passwd -b /tmp/passwords central "$VITRINE_MQTT_PASSWORD"
mosquitto_passwd -b /tmp/passwords "${VITRINE_GATEWAY_ID:-shop-017-a}" "$VITRINE_MQTT_PASSWORD"
chown mosquitto /tmp/passwords
exec mosquitto -c /mosquitto/config/mosquitto.conf
