package io.freshet.local.deadletters;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.freshet.schemas.DeadLetterEvent;
import io.freshet.schemas.Header;
import java.time.Instant;

/** JSON of dead letters, one object in one line each. Bytes are in Base64, times in UTC. */
public final class DeadLetterJson {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private DeadLetterJson() {}

    /**
     * Returns a dead letter as a JSON object.
     *
     * @param withBytes whether to include headers, key and value
     */
    public static String write(StoredDeadLetter letter, boolean withBytes) {
        DeadLetterEvent event = letter.event();
        ObjectNode json = MAPPER.createObjectNode();
        json.put("topic", event.getTopic());
        json.put("partition", event.getPartition());
        json.put("offset", event.getOffset());
        json.put("sentAt", event.getTimestamp().toString());
        json.put("setAsideAt", Instant.ofEpochMilli(letter.publishedAt()).toString());
        json.put("modelId", event.getModelId());
        json.put("reason", event.getReason());
        json.put("detail", event.getDetail());
        if (withBytes) {
            var headers = json.putArray("headers");
            for (Header header : event.getHeaders()) {
                headers.addObject()
                        .put("key", header.getKey())
                        .put("value", StoredDeadLetter.bytes(header.getValue()));
            }
            json.put("key", letter.key());
            json.put("value", letter.value());
        }
        return json.toString();
    }
}
