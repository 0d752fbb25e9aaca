package io.freshet.learn;

import io.freshet.ingest.ExampleBlock;

/** Where a row comes from. Filled again and again. */
final class Origin {
    private static final ExampleBlock.Source NOWHERE = new ExampleBlock.Source("", 0);
    static final Origin NONE = new Origin();

    long hash;
    long offset;
    long timestamp;
    ExampleBlock.Source source = NOWHERE;
    String id = "";

    void become(ExampleBlock block, int row) {
        hash = block.hash(row);
        offset = block.offset(row);
        timestamp = block.timestamp(row);
        source = block.source(row);
        id = block.id(row);
    }
}
