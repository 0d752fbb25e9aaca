package io.freshet.local.images;

import io.freshet.local.cli.TimeText;
import io.freshet.local.watch.TerminalDisplay;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Text output of the progress of a stream of images: their number, images a second, the time left,
 * and each image that was left out.
 */
public final class ImageProgress implements ImageSender.ProgressListener {
    private static final long REDRAW_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
    private static final long LINE_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** Number of images left out that are named; the others are only counted. */
    private static final int MAX_NAMED = 20;

    private final TerminalDisplay display;
    private final String margin;
    private final long from;
    private final long total;
    private final long start = System.nanoTime();
    private long shown = start;
    private long position;
    private long broken;

    /**
     * @param margin text before each line
     * @param from position of the first image
     * @param total number of images, with those before it
     */
    public ImageProgress(TerminalDisplay display, String margin, long from, long total) {
        this.display = display;
        this.margin = margin;
        this.from = from;
        this.total = total;
        position = from;
    }

    @Override
    public void onImage(long next, @Nullable String problem) {
        position = next;
        if (problem != null) {
            broken++;
            if (broken <= MAX_NAMED) {
                display.printAbove(margin + "left out: " + problem);
            } else if (broken == MAX_NAMED + 1) {
                display.printAbove(margin + "further images that are left out are only counted");
            }
        }
        long now = System.nanoTime();
        if (now - shown >= (display.isInteractive() ? REDRAW_NANOS : LINE_NANOS)) {
            shown = now;
            display.showLine(line(now));
        }
    }

    private String line(long now) {
        double seconds = (now - start) / (double) TimeUnit.SECONDS.toNanos(1);
        double perSecond = (position - from) / seconds;
        long left = (long) ((total - position) / perSecond * 1000);
        return TerminalDisplay.format(
                margin + "%,d of %,d images · %,.0f images/s · %s left · %,d left out",
                position,
                total,
                perSecond,
                TimeText.duration(left),
                broken);
    }

    /** Prints the final figures. */
    public void end() {
        long now = System.nanoTime();
        double seconds = (now - start) / (double) TimeUnit.SECONDS.toNanos(1);
        display.replaceBy(
                TerminalDisplay.format(
                        margin + "sent %,d images in %.1f s (%,.0f images/s)%s",
                        sent(),
                        seconds,
                        (position - from) / seconds,
                        broken == 0 ? "" : TerminalDisplay.format(", %,d were left out", broken)));
    }

    /** Returns the number of images sent. */
    public long sent() {
        return position - from - broken;
    }

    /** Returns whether there were images and none could be read. */
    public boolean isAllBroken() {
        return position > from && broken == position - from;
    }
}
