-- Run once, by the server's own superuser, when the database is made: the shop gets a role that owns
-- its tables and nothing else.
\set password `cat /run/shop-secrets/shop_password`
CREATE ROLE shop LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'password';
CREATE DATABASE shop OWNER shop;
REVOKE ALL ON DATABASE shop FROM PUBLIC;
