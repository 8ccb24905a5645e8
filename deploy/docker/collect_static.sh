#!/bin/sh
# Collects the static files into the folder $1 while an image is built. The settings are judged at
# every start, so they need values; none of these is used, and none is left in the image.
set -eu
export SECRET_KEY="only-while-the-image-is-built-and-used-by-nothing"
export ALLOWED_HOSTS=build.invalid
export DATABASE_URL=postgres://build.invalid/build
export REDIS_URL=redis://build.invalid
export PROMO_SERVICE_URL=http://build.invalid
export RECCO_SERVICE_URL=http://build.invalid
export STATIC_ROOT="$1"
python manage.py collectstatic --noinput
