package io.freshet.local;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Test that no package below imports the commands, and that the packages form no cycles. */
@AnalyzeClasses(packages = "io.freshet.local", importOptions = ArchitectureTest.MainClasses.class)
class ArchitectureTest {
    /** The classes of the modules without their tests, wherever the build puts them. */
    static final class MainClasses implements ImportOption {
        @Override
        public boolean includes(Location location) {
            return !location.contains("/test-classes/") && !location.contains("-tests.jar");
        }
    }

    @ArchTest
    static final ArchRule packages_haveNoCycles =
            slices().matching("io.freshet.local.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule nobodyImportsACommand =
            noClasses()
                    .that()
                    .resideInAPackage("io.freshet.local.*..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage("io.freshet.local");
}
