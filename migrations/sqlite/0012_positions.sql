-- Who stores messages gives them their positions, many at a time; the trigger did it one by one.
DROP TRIGGER outgoing_stored;
DROP VIEW outgoing;
