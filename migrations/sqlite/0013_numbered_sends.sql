-- PostgreSQL gets a function that stores numbered messages under this number. Here the server has numbered them for long;
-- what did it before goes.
DROP VIEW outgoing;
