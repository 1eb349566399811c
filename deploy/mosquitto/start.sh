#!/bin/sh
# Makes the password file from the environment at every start, so that no secret stands in the repository.
set -eu
umask 077
: > /tmp/passwords
for user in central till "$VITRINE_GATEWAY_ID"; do
  mosquitto_passwd -b /tmp/passwords "$user" "$VITRINE_MQTT_PASSWORD"
done
chown mosquitto /tmp/passwords
exec mosquitto -c /mosquitto/config/mosquitto.conf
