package registry.paste.client.stream;

import java.util.ArrayList;
import java.util.List;
import registry.paste.client.copy.LocalCopy;
import registry.paste.client.json.JsonException;
import registry.paste.client.json.JsonObject;
import registry.paste.client.wire.EventReader.ServerEvent;

/**
 * Puts the events of one connection into the local copy. A snapshot that comes before its history is known waits for the
 * next {@code id:}, because only the history tells whether those that it doesn't name are gone.
 */
final class EventSink {
    private final LocalCopy copy;
    private final List<String> services;
    private final List<JsonObject> waiting = new ArrayList<>();
    private String lastEventId;
    private String epoch;

    EventSink(LocalCopy copy, List<String> services, String lastEventId) {
        this.copy = copy;
        this.services = services;
        this.lastEventId = lastEventId;
        this.epoch = lastEventId == null ? null : epochOf(lastEventId);
    }

    /** Where to go on; null for nowhere. */
    String lastEventId() {
        return lastEventId;
    }

    /** Takes an event; a {@link JsonException} if it can't be read. */
    void accept(ServerEvent event) {
        if (event.id() != null) {
            epoch = epochOf(event.id());
            waiting.forEach(snapshot -> copy.snapshot(snapshot, epoch));
            waiting.clear();
        }
        if (event.type() != null && event.data() != null) {
            apply(event.type(), JsonObject.read(event.data()));
        }
        if (event.id() != null) {
            lastEventId = event.id();
        }
    }

    private void apply(String type, JsonObject data) {
        switch (type) {
            case "snapshot" -> {
                if (epoch == null) {
                    waiting.add(data);
                } else {
                    copy.snapshot(data, epoch);
                }
            }
            case "delta" -> copy.delta(data);
            case "config" -> copy.config(data);
            case "reset" -> {
                epoch = data.string("epoch");
                lastEventId = null;
                copy.reset(services, epoch);
            }
            default -> {
                // Kinds of events that this version doesn't know, and load, which it didn't ask for.
            }
        }
    }

    private static String epochOf(String id) {
        int dash = id.lastIndexOf('-');
        if (dash <= 0) {
            throw new JsonException("\"" + id + "\" is not an event id");
        }
        return id.substring(0, dash);
    }
}
