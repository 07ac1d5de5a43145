/* SPDX-License-Identifier: ISC */
/* The sources that are told the frequency: CPUID, the hypervisor's leaf, kvmclock. */

#include "clock_source.h"
#include "fake/cmocka.h"
#include "fake/machine.h"

static struct boot_clock_estimate estimate;

static int fresh_machine(void **state)
{
	(void)state;
	fake_machine_reset();
	fake_machine.strict = true;
	return 0;
}

static int no_rule_broken(void **state)
{
	(void)state;
	return fake_machine.broken_rule != NULL;
}

static void test_leaf_15_multiplies_the_crystal(void **state)
{
	(void)state;
	fake_machine_cpuid(0, 0x15, 0, 0, 0);
	fake_machine_cpuid(0x15, 2, 216, 24000000, 0);
	assert_true(boot_clock_cpuid.calibrate(&estimate, 300));
	assert_int_equal(estimate.hz, UINT64_C(2592000000));
}

static void test_leaf_16_helps_out_when_the_crystal_is_not_told(void **state)
{
	(void)state;
	fake_machine_cpuid(0, 0x16, 0, 0, 0);
	fake_machine_cpuid(0x15, 2, 216, 0, 0);
	fake_machine_cpuid(0x16, 2600, 3900, 100, 0);
	assert_true(boot_clock_cpuid.calibrate(&estimate, 300));
	assert_int_equal(estimate.hz, UINT64_C(2600000000));
}

static void test_leaf_15_of_zeros_says_nothing(void **state)
{
	(void)state;
	fake_machine_cpuid(0, 0x16, 0, 0, 0);
	fake_machine_cpuid(0x16, 2600, 3900, 100, 0);
	assert_false(boot_clock_cpuid.calibrate(&estimate, 300));
}

static void test_leaves_above_the_maximum_are_not_asked(void **state)
{
	(void)state;
	fake_machine_cpuid(0, 0xd, 0, 0, 0);
	fake_machine_cpuid(0x15, 2, 216, 24000000, 0);
	assert_false(boot_clock_cpuid.calibrate(&estimate, 300));
	fake_machine_cpuid(0, 0x15, 0, 0, 0);
	fake_machine_cpuid(0x15, 2, 216, 0, 0);
	fake_machine_cpuid(0x16, 2600, 3900, 100, 0);
	assert_false(boot_clock_cpuid.calibrate(&estimate, 300));
}

static void test_hypervisors_leaf_is_in_kilohertz(void **state)
{
	(void)state;
	fake_machine_hypervisor(0x40000000, "KVMKVMKVM\0\0\0", 0x40000010);
	fake_machine_cpuid(0x40000010, 2592001, 1000000, 0, 0);
	assert_true(boot_clock_hypervisor.calibrate(&estimate, 300));
	assert_int_equal(estimate.hz, UINT64_C(2592001000));
}

static void test_hypervisors_leaf_above_its_maximum_is_not_believed(void **state)
{
	(void)state;
	fake_machine_hypervisor(0x40000000, "bhyve bhyve ", 0x40000000);
	fake_machine_cpuid(0x40000010, 2592001, 1000000, 0, 0);
	assert_false(boot_clock_hypervisor.calibrate(&estimate, 300));
}

static void test_an_absurd_maximum_leaf_is_not_believed(void **state)
{
	(void)state;
	fake_machine_hypervisor(0x40000000, "whoever is it", 0xffffffff);
	fake_machine_cpuid(0x40000010, 2592001, 1000000, 0, 0);
	assert_false(boot_clock_hypervisor.calibrate(&estimate, 300));
}

static void test_without_a_hypervisor_its_leaves_are_not_asked(void **state)
{
	(void)state;
	fake_machine_cpuid(0x40000000, 0x40000010, 0, 0, 0);
	fake_machine_cpuid(0x40000010, 2592001, 1000000, 0, 0);
	assert_false(boot_clock_hypervisor.calibrate(&estimate, 300));
}

static void kvm_with_clock(uint32_t base, uint32_t features)
{
	fake_machine_hypervisor(base, "KVMKVMKVM\0\0\0", base + 1);
	fake_machine_cpuid(base + 1, features, 0, 0, 0);
	fake_machine.kvm_clock_mul = 0x80000000;
	fake_machine.kvm_clock_shift = 0;
}

static void test_kvmclock_turns_its_multiplier_into_a_frequency(void **state)
{
	(void)state;
	kvm_with_clock(0x40000000, 1u << 3);
	assert_true(boot_clock_kvm.calibrate(&estimate, 300));
	assert_int_equal(estimate.hz, 2000000000);
	fake_machine.kvm_clock_shift = -1;
	assert_true(boot_clock_kvm.calibrate(&estimate, 300));
	assert_int_equal(estimate.hz, UINT64_C(4000000000));
	fake_machine.kvm_clock_shift = 2;
	assert_true(boot_clock_kvm.calibrate(&estimate, 300));
	assert_int_equal(estimate.hz, 500000000);
}

static void test_kvmclock_is_found_behind_the_leaves_of_hyper_v(void **state)
{
	(void)state;
	fake_machine_hypervisor(0x40000000, "Microsoft Hv", 0x4000000b);
	kvm_with_clock(0x40000100, 1u << 3);
	assert_true(boot_clock_kvm.calibrate(&estimate, 300));
	assert_int_equal(estimate.hz, 2000000000);
}

static void test_kvmclock_is_not_touched_without_its_feature_bit(void **state)
{
	(void)state;
	kvm_with_clock(0x40000000, 1u << 0);
	fake_machine.kvm_clock_mul = 0;
	assert_false(boot_clock_kvm.calibrate(&estimate, 300));
}

static void test_kvmclock_is_not_touched_on_bhyve(void **state)
{
	(void)state;
	fake_machine_hypervisor(0x40000000, "bhyve bhyve ", 0x40000000);
	fake_machine_cpuid(0x40000001, 0xffffffff, 0, 0, 0);
	assert_false(boot_clock_kvm.calibrate(&estimate, 300));
}

static void test_kvmclock_that_writes_nothing_is_given_up(void **state)
{
	(void)state;
	kvm_with_clock(0x40000000, 1u << 3);
	fake_machine.kvm_clock_hidden = true;
	assert_false(boot_clock_kvm.calibrate(&estimate, 300));
}

static void test_kvmclock_with_an_absurd_page_is_refused(void **state)
{
	(void)state;
	kvm_with_clock(0x40000000, 1u << 3);
	fake_machine.kvm_clock_mul = 1;
	assert_false(boot_clock_kvm.calibrate(&estimate, 300));
	fake_machine.kvm_clock_mul = 0x80000000;
	fake_machine.kvm_clock_shift = -128;
	assert_false(boot_clock_kvm.calibrate(&estimate, 300));
	fake_machine.kvm_clock_shift = 127;
	assert_false(boot_clock_kvm.calibrate(&estimate, 300));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh_machine, no_rule_broken)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_leaf_15_multiplies_the_crystal),
		TEST(test_leaf_16_helps_out_when_the_crystal_is_not_told),
		TEST(test_leaf_15_of_zeros_says_nothing),
		TEST(test_leaves_above_the_maximum_are_not_asked),
		TEST(test_hypervisors_leaf_is_in_kilohertz),
		TEST(test_hypervisors_leaf_above_its_maximum_is_not_believed),
		TEST(test_an_absurd_maximum_leaf_is_not_believed),
		TEST(test_without_a_hypervisor_its_leaves_are_not_asked),
		TEST(test_kvmclock_turns_its_multiplier_into_a_frequency),
		TEST(test_kvmclock_is_found_behind_the_leaves_of_hyper_v),
		TEST(test_kvmclock_is_not_touched_without_its_feature_bit),
		TEST(test_kvmclock_is_not_touched_on_bhyve),
		TEST(test_kvmclock_that_writes_nothing_is_given_up),
		TEST(test_kvmclock_with_an_absurd_page_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
