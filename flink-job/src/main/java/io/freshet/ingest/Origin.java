package io.freshet.ingest;

/** Where a row comes from. Filled again and again. */
public final class Origin {
    private static final ExampleBlock.Source NOWHERE = new ExampleBlock.Source("", 0);
    public static final Origin NONE = new Origin();

    public long hash;
    public long offset;
    public long timestamp;
    public ExampleBlock.Source source = NOWHERE;
    public String id = "";

    public void become(ExampleBlock block, int row) {
        hash = block.hash(row);
        offset = block.offset(row);
        timestamp = block.timestamp(row);
        source = block.source(row);
        id = block.id(row);
    }
}
