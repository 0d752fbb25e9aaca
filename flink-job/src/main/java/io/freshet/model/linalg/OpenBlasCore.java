package io.freshet.model.linalg;

import java.util.List;
import java.util.Locale;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.openblas.global.openblas_nolapack;

/**
 * The processor core whose kernels OpenBLAS uses in this process.
 *
 * <p>OpenBLAS has kernels for several cores in one library. When it is loaded, it chooses those of
 * the core that it recognises, or that the environment variable {@code OPENBLAS_CORETYPE} names,
 * and uses them as long as the process lives.
 *
 * <p>Implementation note. {@code openblas_get_corename} returns the name, but JavaCPP binds it only
 * in {@code openblas_full}, which would unpack and load another 24 MB. So this class does what that
 * function does: the global variable {@code gotoblas} points to the table of the kernels in use,
 * and it is compared with the table of every core, a global variable named after the core.
 *
 * <p>Source: OpenBLAS 0.3.31, {@code driver/others/dynamic.c}.
 */
public final class OpenBlasCore {
    /** Name if the table in use belongs to none of the cores below. */
    static final String UNKNOWN = "unknown";

    /** Cores of 64-bit x86, as {@code openblas_get_corename} spells them. */
    private static final List<String> NAMES =
            List.of(
                    "Prescott",
                    "Core2",
                    "Nehalem",
                    "Barcelona",
                    "Sandybridge",
                    "Bulldozer",
                    "Piledriver",
                    "Steamroller",
                    "Excavator",
                    "Haswell",
                    "Zen",
                    "SkylakeX",
                    "Cooperlake",
                    "SapphireRapids");

    private static final String NAME = find();

    private OpenBlasCore() {}

    /**
     * Returns the core's name as OpenBLAS spells it, such as {@code Haswell}, or {@code unknown}.
     * Loads OpenBLAS.
     */
    public static String name() {
        return NAME;
    }

    private static String find() {
        Loader.load(openblas_nolapack.class);
        Pointer inUse = Loader.addressof("gotoblas");
        if (inUse == null) {
            return UNKNOWN;
        }
        long table = new LongPointer(inUse).get();
        for (String name : NAMES) {
            Pointer candidate = Loader.addressof("gotoblas_" + name.toUpperCase(Locale.ROOT));
            if (candidate != null && candidate.address() == table) {
                return name;
            }
        }
        return UNKNOWN;
    }
}
